import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { proofOf } from '@peer-cache/core';
import type { HelloNonces, SegmentKeys } from '@peer-cache/core';
import {
  BLOCKS_PATH,
  decodeFrameHeader,
  decodeHelloResponse,
  decodeStateResponse,
  encodeBlocksRequest,
  encodeHelloRequest,
  encodeStateRequest,
  FRAME_HEADER_BYTES,
  HELLO_PATH,
  STATE_PATH,
} from '@peer-cache/protocol';
import type { BlockRun, FrameHeader, HelloResponse, StateResponse } from '@peer-cache/protocol';

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface RawRequest {
  readonly path?: string;
  readonly method?: string;
  readonly body?: Uint8Array;
  /** Added to what a peer sends; undefined takes a header out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export interface StateAsk {
  readonly keys: SegmentKeys;
  readonly knownVersion?: number;
  readonly proof?: Uint8Array;
}

export interface BlocksAsk {
  readonly keys: SegmentKeys;
  readonly runs?: readonly BlockRun[];
  readonly proof?: Uint8Array;
  readonly wantsBlockHashList?: boolean;
  readonly wasDamaged?: boolean;
}

export interface Frame {
  readonly header: FrameHeader;
  readonly bytes: Buffer;
}

/** A caller over a bare socket, which can be as honest or as odd as a test wants. */
export class RawPeer implements Disposable {
  readonly socket: Socket;
  readonly host: string;
  readonly clientNonce: Buffer = Buffer.alloc(16, 1);
  nonces: HelloNonces | undefined;
  #received: Buffer = Buffer.alloc(0);
  #wake = (): void => {};

  constructor(socket: Socket, host: string) {
    this.socket = socket;
    this.host = host;
    socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, Buffer.from(bytes)]);
      this.#wake();
    });
    // What a cut connection reports; `closed` tells the tests.
    socket.on('error', () => {});
    socket.on('close', () => this.#wake());
  }

  /** Calls from `localAddress`, where given. */
  static async open(
    { host, port }: { readonly host: string; readonly port: number },
    localAddress?: string,
  ): Promise<RawPeer> {
    const socket = connect({ host, port, noDelay: true, ...(localAddress && { localAddress }) });
    await once(socket, 'connect');
    return new RawPeer(socket, host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
  }

  /** Calls a Unix socket. */
  static async openLocal(socketPath: string): Promise<RawPeer> {
    const socket = connect(socketPath);
    await once(socket, 'connect');
    return new RawPeer(socket, 'localhost');
  }

  /** Resolves when the connection is closed, by whomever. */
  async closed(): Promise<void> {
    if (this.socket.closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.socket.once('close', () => resolve());
    await promise;
  }

  get receivedBytes(): number {
    return this.#received.length;
  }

  send({ path = '/', method = 'POST', body = Buffer.alloc(0), headers = {} }: RawRequest): void {
    const fields = {
      host: this.host,
      'peer-cache-version': '1',
      'content-type': 'application/cbor',
      'content-length': String(body.length),
      ...headers,
    };
    const lines = Object.entries(fields).flatMap(([name, value]) =>
      value === undefined ? [] : `${name}: ${value}\r\n`,
    );
    this.socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    this.socket.write(body);
  }

  async request(request: RawRequest): Promise<Answer> {
    this.send(request);
    return this.answer();
  }

  /** The next answer. Throws when the connection closes before it is whole. */
  async answer(): Promise<Answer> {
    for (;;) {
      const answer = this.#takeAnswer();
      if (answer !== undefined) return answer;
      if (this.socket.destroyed) throw new Error('closed without an answer');
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  async hello(port = 0): Promise<HelloResponse> {
    const { clientNonce } = this;
    const body = encodeHelloRequest({ versions: [1], clientNonce, port });
    const answer = await this.request({ path: HELLO_PATH, body });
    const response = decodeHelloResponse(answer.body);
    this.nonces = { clientNonce, serverNonce: response.serverNonce };
    return response;
  }

  proof(keys: SegmentKeys): Uint8Array {
    if (this.nonces === undefined) throw new TypeError('no hello yet');
    return proofOf(keys.proofKey, 'client', this.nonces, keys.segmentId);
  }

  stateRequest(waitMs: number, asks: readonly StateAsk[]): RawRequest {
    const segments = asks.map(({ keys, knownVersion = 0, proof = this.proof(keys) }) => {
      return { segmentId: keys.segmentId, proof, knownVersion };
    });
    return { path: STATE_PATH, body: encodeStateRequest({ waitMs, segments }) };
  }

  async state(waitMs: number, asks: readonly StateAsk[]): Promise<StateResponse> {
    const answer = await this.request(this.stateRequest(waitMs, asks));
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    return decodeStateResponse(answer.body);
  }

  blocksRequest(asks: readonly BlocksAsk[], waitMs = 0): RawRequest {
    const segments = asks.map(({ keys, ...ask }) => ({
      segmentId: keys.segmentId,
      proof: this.proof(keys),
      runs: [],
      wantsBlockHashList: false,
      wasDamaged: false,
      ...ask,
    }));
    return { path: BLOCKS_PATH, body: encodeBlocksRequest({ waitMs, segments }) };
  }

  async blocks(asks: readonly BlocksAsk[], waitMs = 0): Promise<Frame[]> {
    const answer = await this.request(this.blocksRequest(asks, waitMs));
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    return framesOf(answer.body);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #takeAnswer(): Answer | undefined {
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd === -1) return undefined;
    const [statusLine = '', ...lines] = this.#received.toString('latin1', 0, headEnd).split('\r\n');
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const length = headers.get('content-length');
    if (length === undefined) throw new Error(`no Content-Length: ${statusLine}`);
    const endByte = headEnd + 4 + Number(length);
    if (this.#received.length < endByte) return undefined;
    const body = this.#received.subarray(headEnd + 4, endByte);
    this.#received = this.#received.subarray(endByte);
    return { status: Number(statusLine.split(' ')[1]), headers, body };
  }
}

function framesOf(body: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < body.length;) {
    const header = decodeFrameHeader(body, at);
    const startByte = at + FRAME_HEADER_BYTES;
    at = startByte + header.sizeBytes;
    frames.push({ header, bytes: body.subarray(startByte, at) });
  }
  return frames;
}
