import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { NONCE_BYTES, proofOf } from '@peer-cache/core';
import type { HelloNonces } from '@peer-cache/core';
import type { PeerAddress } from '@peer-cache/discovery';
import type { ContentSegment } from '@peer-cache/download';
import {
  decodeHelloResponse,
  decodeStateResponse,
  encodeHelloRequest,
  encodeStateRequest,
  HELLO_PATH,
  MESSAGE_TYPE,
  PROTOCOL_VERSION,
  STATE_PATH,
  VERSION_HEADER,
} from '@peer-cache/protocol';
import type { SegmentState } from '@peer-cache/protocol';

/** The other side of a bare peer: says hello and asks for state, so that it is called back. */
export class BareCaller implements Disposable {
  readonly address: PeerAddress;
  readonly #servePort: number;
  readonly #localAddress: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #nonces: HelloNonces | undefined;

  /** `own`: where the caller can be called back. */
  constructor(address: PeerAddress, own: PeerAddress) {
    this.address = address;
    this.#servePort = own.port;
    this.#localAddress = own.host;
  }

  /** What the other says of all that it has to do with; after a failure it can be asked again. */
  async states(segments: readonly ContentSegment[]): Promise<readonly SegmentState[]> {
    try {
      const nonces = (this.#nonces ??= await this.#hello());
      const questions = segments.map(({ keys: { segmentId, proofKey } }) => ({
        segmentId,
        proof: proofOf(proofKey, 'client', nonces, segmentId),
        knownVersion: 0,
      }));
      const body = encodeStateRequest({ waitMs: 0, segments: questions });
      return decodeStateResponse(await this.#post(STATE_PATH, body)).segments;
    } catch (error) {
      // The next connection has nonces of its own.
      this.#nonces = undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #hello(): Promise<HelloNonces> {
    const clientNonce = randomBytes(NONCE_BYTES);
    const message = { versions: [PROTOCOL_VERSION], clientNonce, port: this.#servePort };
    const answer = await this.#post(HELLO_PATH, encodeHelloRequest(message));
    return { clientNonce, serverNonce: decodeHelloResponse(answer).serverNonce };
  }

  async #post(path: string, body: Uint8Array): Promise<Buffer> {
    const { host, port } = this.address;
    const outgoing = request({
      host,
      port,
      path,
      method: 'POST',
      agent: this.#agent,
      localAddress: this.#localAddress,
      headers: {
        [VERSION_HEADER]: PROTOCOL_VERSION,
        'content-type': MESSAGE_TYPE,
        'content-length': body.length,
      },
    });
    outgoing.end(body);
    const [answer]: IncomingMessage[] = await once(outgoing, 'response');
    const pieces: Buffer[] = [];
    for await (const piece of answer ?? []) pieces.push(Buffer.from(piece));
    if (answer?.statusCode !== 200)
      throw new Error(`${path} was answered by ${answer?.statusCode}`);
    return Buffer.concat(pieces);
  }
}
