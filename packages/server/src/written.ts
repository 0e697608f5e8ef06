import type { ServerResponse } from 'node:http';

/** Resolves when the system has the bytes: their buffer may be used again. */
export async function written(raw: ServerResponse, bytes: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = (): void => reject(new Error('the connection was closed'));
  raw.once('close', onClose);
  raw.write(bytes, (error) => (error ? reject(error) : resolve()));
  try {
    await promise;
  } finally {
    raw.off('close', onClose);
  }
}
