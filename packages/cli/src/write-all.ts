import type { Writable } from 'node:stream';
import { OutputClosedError } from './errors.ts';

/**
 * Writes bytes and waits until the stream has taken them.
 *
 * @throws {OutputClosedError} when whoever reads has left.
 */
export async function writeAll(stream: Writable, bytes: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (cause: Error): void => reject(new OutputClosedError({ cause }));
  stream.once('error', fail);
  try {
    stream.write(bytes, (error) => (error ? fail(error) : resolve()));
    await promise;
    stream.off('error', fail);
  } catch (error) {
    // The event comes after the callback; without a listener it would end the process.
    stream.on('error', () => undefined);
    throw error;
  }
}
