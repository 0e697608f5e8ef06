import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HelloNonces } from '@peer-cache/core';
import type { Posting } from '@peer-cache/ownership';
import type { ToldPeer } from '@peer-cache/protocol';
import { HelloRequiredError, ServerBusyError } from './errors.ts';
import type { Host } from './hosts.ts';
import type { ServerLimits } from './limits.ts';
import { ProvenSegments } from './proven-segments.ts';
import type { SocketAddress, SocketEnds } from './remote-address.ts';
import { ReaderWatch, sendProgress } from './slow-reader.ts';

const BUSY_RETRY_MS = 50;
/** So many can be told of each change without a pause. */
const UNCROWDED = 8;

/** A caller's connection: what its hello agreed on, what it proved, and what it has in flight. */
export class Connection {
  /** Where the caller can be called back, but for the port. */
  readonly remoteHost: string;
  /** Undefined for a Unix socket. */
  readonly local: SocketAddress | undefined;
  readonly host: Host;
  readonly proven: ProvenSegments = new ProvenSegments();
  /** Resolves when nothing of it is left. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #limits: ServerLimits;
  readonly #reader: ReaderWatch;
  readonly #ending = new AbortController();
  readonly #toldPeers = new WeakMap<Posting, readonly ToldPeer[]>();
  /** Where the caller serves at its address; 0 if it does not. */
  servePort = 0;
  #nonces: HelloNonces | undefined;
  #requestsInFlight = 0;
  #stateAnsweredMs = Number.NEGATIVE_INFINITY;

  constructor(
    socket: Socket,
    ends: Pick<SocketEnds, 'remoteHost' | 'local'> & { readonly host: Host },
    limits: ServerLimits,
  ) {
    this.#socket = socket;
    this.remoteHost = ends.remoteHost;
    this.local = ends.local;
    this.host = ends.host;
    this.#limits = limits;
    this.#reader = new ReaderWatch(limits);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#ending.abort();
        resolve();
      });
    });
  }

  /** Aborted when the connection is closed or about to be: nothing is worth waiting for then. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  /** Counts among those that strangers can't crowd out. */
  get isProven(): boolean {
    return this.proven.size > 0 || this.host.isProven;
  }

  /** @throws {HelloRequiredError} before hello. */
  get nonces(): HelloNonces {
    if (this.#nonces === undefined) throw new HelloRequiredError();
    return this.#nonces;
  }

  get hasNonces(): boolean {
    return this.#nonces !== undefined;
  }

  set nonces(nonces: HelloNonces) {
    this.#nonces = nonces;
  }

  /** @throws {ServerBusyError} when too many requests of this connection are unanswered. */
  begin(response: ServerResponse): void {
    this.#requestsInFlight++;
    this.host.requests++;
    response.once('close', () => {
      this.#requestsInFlight--;
      if (this.#ending.signal.aborted) this.#endIfIdle();
    });
    if (this.#requestsInFlight > this.#limits.requestsPerConnection) {
      throw new ServerBusyError('requests on one connection', BUSY_RETRY_MS);
    }
  }

  /** How long until the next answer about state may be given: the longer, the more others wait. */
  stateDelayMs(nowMs: number, waiterCount: number): number {
    const crowd = Math.max(1, waiterCount / UNCROWDED);
    return this.#stateAnsweredMs + this.#limits.stateIntervalMs * crowd - nowMs;
  }

  /** The peers of a posting, if the caller was not told these before. */
  newPeersOf(posting: Posting): readonly ToldPeer[] {
    const peers = posting.peers();
    if (this.#toldPeers.get(posting) === peers) return [];
    this.#toldPeers.set(posting, peers);
    return peers;
  }

  /** When the last answer about state was given. */
  get stateAnsweredMs(): number {
    return this.#stateAnsweredMs;
  }

  stateAnswered(nowMs: number): void {
    this.#stateAnsweredMs = nowMs;
  }

  /** Closes the connection if its reader is too slow; true if so. */
  cutIfSlow(nowMs: number): boolean {
    if (!this.#reader.isTooSlow(sendProgress(this.#socket), nowMs)) return false;
    this.#socket.destroy();
    return true;
  }

  /** Lets requests in flight be answered, waits end at once, then closes. */
  end(): void {
    this.#ending.abort();
    this.#endIfIdle();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #endIfIdle(): void {
    if (this.#requestsInFlight === 0) this.#socket.destroySoon();
  }
}
