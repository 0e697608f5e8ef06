import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { KIB, SECOND_MS, messageOf } from '@peer-cache/core';
import type { PeerAddress } from '@peer-cache/discovery';
import { LOCAL_HOST, MESSAGE_TYPE, PROTOCOL_VERSION, VERSION_HEADER } from '@peer-cache/protocol';
import { ReadPace, readsOn } from '@peer-cache/transport';
import {
  PeerBusyError,
  PeerProtocolError,
  PeerSilentError,
  PeerUnreachableError,
} from '../errors.ts';
import { MOST_HEAD_BYTES, parseResponseHead } from './response-head.ts';
import type { ResponseHead } from './response-head.ts';

const CONNECT_TIMEOUT_MS = 2 * SECOND_MS;
const READ_BUFFER_BYTES = 256 * KIB;
const DEFAULT_BUSY_MS = 200;
/**
 * Silence is counted in looks, not by the clock: a process that seldom comes to look has not listened
 * for long either.
 */
const LOOK_MS = 100;
const HEAD_END = '\r\n\r\n';

export interface PeerRequest {
  readonly path: string;
  readonly body: Uint8Array;
  /** The connection is given up when nothing arrives for this long. */
  readonly silenceMs: number;
  /** A longer answer is against the protocol. */
  readonly mostBytes: number;
  /** Takes the body as it arrives; the bytes are only good during the call. */
  readonly onBody: (bytes: Uint8Array) => void;
}

interface Exchange {
  readonly request: PeerRequest;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  head: ResponseHead | undefined;
  headText: string;
  gotBytes: number;
}

/**
 * One keep-alive connection to a peer, for one request at a time. Reads into one reused buffer,
 * which costs a quarter of the CPU of a general HTTP client; accepts exactly what our own server
 * sends, and closes on any oddity, so that no answer is ever taken for another's.
 */
export class PeerConnection implements Disposable {
  readonly address: PeerAddress;
  readonly host: string;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #exchange: Exchange | undefined;
  #failure: Error | undefined;
  /** Looks since the last byte. */
  #quietLooks = 0;

  private constructor(address: PeerAddress, socket: Socket) {
    this.address = address;
    this.host = hostOf(address);
    this.#socket = socket;
    socket.on('error', (cause) => this.#fail(this.#unreachable(cause.message, { cause })));
    socket.on('close', () => this.#fail(this.#unreachable('it closed the connection')));
    socket.on('end', () => this.#fail(this.#unreachable('it closed the connection')));
    this.#timer = setInterval(() => this.#checkSilence(), LOOK_MS);
    this.#timer.unref();
  }

  /** @throws {PeerUnreachableError} when there is no connection within 2 s. */
  static async open(
    address: PeerAddress,
    { signal }: { signal: AbortSignal },
  ): Promise<PeerConnection> {
    const host = hostOf(address);
    signal.throwIfAborted();
    let connection: PeerConnection | undefined;
    const { socketPath, ...remote } = address;
    const pace = new ReadPace();
    const socket: Socket = connect({
      ...(socketPath === undefined ? { ...remote, noDelay: true } : { path: socketPath }),
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
        callback: (count, buffer) => {
          connection?.read(buffer.subarray(0, count));
          return readsOn(socket, pace, count);
        },
      },
    });
    try {
      await connected(socket, AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]));
    } catch (cause) {
      socket.destroy();
      signal.throwIfAborted();
      throw new PeerUnreachableError(host, messageOf(cause), { cause });
    }
    connection = new PeerConnection(address, socket);
    return connection;
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /**
   * Sends a request and resolves when the whole answer has gone through `onBody`. With any
   * failure, and with the signal, the connection is closed.
   *
   * @throws {PeerBusyError} when the peer is at its limits; the connection stays open
   * @throws {PeerSilentError | PeerUnreachableError | PeerProtocolError}
   */
  async request(request: PeerRequest, { signal }: { signal: AbortSignal }): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#exchange !== undefined) throw new TypeError('one request at a time');
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => this.#fail(this.#unreachable('the request was given up'));
    signal.addEventListener('abort', onAbort, { once: true });
    this.#exchange = { request, resolve, reject, head: undefined, headText: '', gotBytes: 0 };
    this.#quietLooks = 0;
    this.#socket.write(this.#requestHead(request));
    this.#socket.write(request.body);
    try {
      await promise;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  [Symbol.dispose](): void {
    this.#fail(this.#unreachable('the connection was closed here'));
  }

  /** Takes what arrived; called by the socket with its reused buffer. */
  read(bytes: Uint8Array): void {
    this.#quietLooks = 0;
    const exchange = this.#exchange;
    if (exchange === undefined) return this.#fail(this.#protocol('bytes nobody asked for'));
    try {
      const body = exchange.head === undefined ? this.#readHead(exchange, bytes) : bytes;
      if (body !== undefined && exchange.head !== undefined) this.#readBody(exchange, body);
    } catch (error) {
      this.#fail(error instanceof Error ? error : this.#protocol(String(error)));
    }
  }

  #readHead(exchange: Exchange, bytes: Uint8Array): Uint8Array | undefined {
    const before = exchange.headText.length;
    // Latin-1 keeps one character a byte, so that an index in the text is an offset in the bytes.
    const most = MOST_HEAD_BYTES + HEAD_END.length - before;
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, most));
    exchange.headText += piece.toString('latin1');
    const end = exchange.headText.indexOf(HEAD_END);
    if (end === -1) {
      if (exchange.headText.length > MOST_HEAD_BYTES) throw this.#protocol('its head has no end');
      return undefined;
    }
    const head = parseResponseHead(exchange.headText.slice(0, end));
    if (head === undefined) throw this.#protocol('its head is not one of our server');
    if (head.contentBytes > exchange.request.mostBytes) {
      throw this.#protocol(`it announced ${head.contentBytes} bytes`);
    }
    exchange.head = head;
    return bytes.subarray(end + HEAD_END.length - before);
  }

  #readBody(exchange: Exchange, bytes: Uint8Array): void {
    const { head, request } = exchange;
    if (head === undefined) return;
    const restBytes = head.contentBytes - exchange.gotBytes;
    if (bytes.length > restBytes) throw this.#protocol('its body is longer than announced');
    exchange.gotBytes += bytes.length;
    if (head.status === 200 && bytes.length > 0) request.onBody(bytes);
    if (exchange.gotBytes < head.contentBytes) return;
    this.#exchange = undefined;
    if (head.status === 200) exchange.resolve();
    else if (head.status === 503) {
      exchange.reject(new PeerBusyError(this.host, head.retryMs ?? DEFAULT_BUSY_MS));
    } else {
      const error = this.#protocol(`status ${head.status}`);
      exchange.reject(error);
      this.#fail(error);
    }
  }

  #requestHead({ path, body }: PeerRequest): string {
    return (
      `POST ${path} HTTP/1.1\r\nHost: ${this.host}\r\n${VERSION_HEADER}: ${PROTOCOL_VERSION}\r\n` +
      `Content-Type: ${MESSAGE_TYPE}\r\nContent-Length: ${body.length}\r\n\r\n`
    );
  }

  #checkSilence(): void {
    const silenceMs = this.#exchange?.request.silenceMs;
    this.#quietLooks++;
    if (silenceMs === undefined || this.#quietLooks * LOOK_MS < silenceMs) return;
    // What has arrived meanwhile is read first.
    setImmediate(() => {
      const isSilent = this.#quietLooks * LOOK_MS >= silenceMs;
      if (isSilent) this.#fail(new PeerSilentError(this.host, silenceMs));
    });
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    clearInterval(this.#timer);
    this.#socket.destroy();
    this.#exchange?.reject(error);
    this.#exchange = undefined;
  }

  #unreachable(reason: string, options?: ErrorOptions): PeerUnreachableError {
    return new PeerUnreachableError(this.host, reason, options);
  }

  #protocol(reason: string): PeerProtocolError {
    return new PeerProtocolError(this.host, reason);
  }
}

/**
 * Address and port as they stand in a `Host` header: no zone, IPv6 in brackets (RFC 9110 §7.2);
 * over a Unix socket, the name that stands for this machine.
 */
export function hostOf({ host, port, socketPath }: PeerAddress): string {
  if (socketPath !== undefined) return LOCAL_HOST;
  const [address = ''] = host.split('%');
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Resolves when the socket is connected; rejects with its error, or when the signal says so. */
export async function connected(socket: Socket, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => reject(new Error('no connection in time'));
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('connect', resolve);
  socket.once('error', reject);
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.off('connect', resolve);
    socket.off('error', reject);
  }
}
