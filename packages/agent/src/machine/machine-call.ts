import { Agent, request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import {
  LOCAL_HOST,
  MESSAGE_TYPE,
  PROTOCOL_VERSION,
  RETRY_MS_HEADER,
  VERSION_HEADER,
} from '@peer-cache/protocol';
import { MachineAgentError } from './errors.ts';

/** Enough that some downloads hand over blocks while others look for peers. */
const MOST_CONNECTIONS = 8;
const BUSY = 503;
const LONGEST_RETRY_MS = 60_000;

/** Sends messages to the machine's agent, over connections that are kept. */
export class MachineCaller implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: MOST_CONNECTIONS });
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /**
   * Resolves with the answer when its head is here; its body is the caller's to read or destroy.
   *
   * @throws {MachineAgentError} for any answer but a good one, and for none
   */
  async post(
    path: string,
    body: Uint8Array,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<IncomingMessage> {
    const response = await this.#send(path, body, signal);
    if (response.statusCode === 200) return response;
    response.resume();
    const { statusCode, headers } = response;
    if (statusCode !== BUSY) throw this.#error(`it answered ${statusCode}`);
    const retryMs = Math.min(Number(headers[RETRY_MS_HEADER]) || 0, LONGEST_RETRY_MS);
    throw this.#error('it is busy', { retryMs });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #send(path: string, body: Uint8Array, signal: AbortSignal): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = httpRequest({
      agent: this.#agent,
      socketPath: this.#socketPath,
      method: 'POST',
      path,
      signal,
      headers: {
        host: LOCAL_HOST,
        [VERSION_HEADER]: String(PROTOCOL_VERSION),
        'content-type': MESSAGE_TYPE,
        'content-length': body.length,
      },
    });
    request.once('response', resolve);
    // Stays: an answer may break off after its head.
    request.on('error', (cause) => reject(this.#error(cause.message, { cause })));
    request.end(body);
    return await promise;
  }

  #error(
    reason: string,
    options?: ErrorOptions & { readonly retryMs?: number },
  ): MachineAgentError {
    return new MachineAgentError(this.#socketPath, reason, options);
  }
}
