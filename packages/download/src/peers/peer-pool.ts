import { asError } from '@peer-cache/core';
import type { PeerAddress } from '@peer-cache/discovery';
import { PeerUnreachableError } from '../errors.ts';
import type { FetchPace } from '../limited.ts';
import { LoopLag } from '../loop-lag.ts';
import { Conduct } from './conduct.ts';
import { hostOf } from './peer-connection.ts';
import { PeerFollowing } from './peer-following.ts';
import type { FollowedPeer, FollowingParts } from './peer-following.ts';
import { PeerSession } from './peer-session.ts';

/** Connections that one request each may use at a time; a server allows an address eight. */
const SESSIONS_PER_PEER = 5;

export interface PeerPoolOptions {
  /** Where our own server can be reached on the address we call from; 0 if it can't. */
  readonly servePort: () => number;
  /** Our own peer ID: who answers with it is this agent. */
  readonly selfId?: string;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** What blocks from other machines wait for; nothing, if not given. */
  readonly pace?: FetchPace | undefined;
}

/** Every peer that this agent has met, with its connections and its conduct. */
export class PeerPool implements AsyncDisposable {
  readonly #options: PoolParts;
  readonly #stop = new AbortController();
  /** How busy this process is: those who seem silent may be unheard. */
  readonly lag: LoopLag = new LoopLag();
  readonly #peers = new Map<string, Peer>();

  constructor(options: PeerPoolOptions) {
    const { servePort, selfId = '', now = () => performance.now(), pace } = options;
    const followed = (): number => this.peers().filter(({ following }) => following.isOn).length;
    const { signal } = this.#stop;
    this.#options = { servePort, selfId, now, pace, signal, lag: this.lag, followed };
  }

  /** The peer at this address; the same object each time. */
  peer(address: PeerAddress): Peer {
    const name = hostOf(address);
    let peer = this.#peers.get(name);
    if (peer === undefined) {
      peer = new Peer(address, this.#options);
      this.#peers.set(name, peer);
    }
    return peer;
  }

  peers(): Peer[] {
    return [...this.#peers.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the pool was closed'));
    this.lag[Symbol.dispose]();
    const peers = this.peers();
    this.#peers.clear();
    await Promise.all(peers.map((peer) => peer.following.ended));
    for (const peer of peers) peer[Symbol.dispose]();
  }
}

interface PoolParts extends Required<Omit<PeerPoolOptions, 'pace'>>, FollowingParts {
  readonly pace: FetchPace | undefined;
}

/** Another agent, where it can be reached. */
export class Peer implements FollowedPeer, Disposable {
  readonly address: PeerAddress;
  readonly name: string;
  readonly conduct: Conduct;
  /** What it has and does, for whoever wants to know. */
  readonly following: PeerFollowing;
  /** Content bytes received from it and verified. */
  receivedBytes = 0;
  /** By `now` of the pool; undefined until it answered for the first time. */
  lastSeenMs: number | undefined;
  readonly #options: PoolParts;
  readonly #idle: PeerSession[] = [];
  readonly #waiting: (() => void)[] = [];
  #peerId: string | undefined;
  #inUse = 0;
  #isAway = false;

  constructor(address: PeerAddress, options: PoolParts) {
    this.address = address;
    this.name = hostOf(address);
    this.conduct = new Conduct(options.now);
    this.#options = options;
    this.following = new PeerFollowing(this, options);
  }

  /** What its blocks wait for: nothing, where they come from this machine itself. */
  get pace(): FetchPace | undefined {
    return this.address.socketPath === undefined ? this.#options.pace : undefined;
  }

  /** Whether it is this agent itself, by some way round. */
  get isSelf(): boolean {
    return this.#peerId !== undefined && this.#peerId === this.#options.selfId;
  }

  /** As its last hello proved it; undefined before the first. */
  get peerId(): string | undefined {
    return this.#peerId;
  }

  /** Lends a connection beyond those for requests, for long polls; to be given back or disposed. */
  async take({ signal }: { signal: AbortSignal }): Promise<PeerSession> {
    return this.#takeIdle() ?? (await this.#open(signal));
  }

  /** Takes back a connection on which nothing is under way. */
  giveBack(session: PeerSession): void {
    if (session.isOpen) this.#idle.push(session);
  }

  /** Lends a connection for one request, waiting for one to be free; keeps it for the next. */
  async use<T>(
    ask: (session: PeerSession) => Promise<T>,
    { signal }: { signal: AbortSignal },
  ): Promise<T> {
    while (this.#inUse >= SESSIONS_PER_PEER) {
      await this.#freed(signal);
    }
    this.#inUse++;
    try {
      signal.throwIfAborted();
      const session = await this.take({ signal });
      try {
        const answer = await ask(session);
        this.lastSeenMs = this.#options.now();
        return answer;
      } finally {
        this.giveBack(session);
      }
    } finally {
      this.#inUse--;
      this.#waiting.shift()?.();
    }
  }

  [Symbol.dispose](): void {
    for (const session of this.#idle.splice(0)) session[Symbol.dispose]();
  }

  async #open(signal: AbortSignal): Promise<PeerSession> {
    const session = await this.#connect(signal);
    if (this.#isAway) this.conduct.returned();
    this.#isAway = false;
    this.#peerId = session.peerId;
    this.lastSeenMs = this.#options.now();
    return session;
  }

  async #connect(signal: AbortSignal): Promise<PeerSession> {
    const servePort = this.#options.servePort();
    try {
      return await PeerSession.open(this.address, { servePort, signal });
    } catch (error) {
      this.#isAway ||= error instanceof PeerUnreachableError;
      throw error;
    }
  }

  async #freed(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    const at = this.#waiting.indexOf(resolve);
    if (at !== -1) this.#waiting.splice(at, 1);
    if (!signal.aborted) return;
    // Called although nobody waits here any more: the next one's.
    if (at === -1) this.#waiting.shift()?.();
    throw asError(signal.reason);
  }

  #takeIdle(): PeerSession | undefined {
    let session = this.#idle.pop();
    while (session !== undefined && !session.isOpen) session = this.#idle.pop();
    return session;
  }
}
