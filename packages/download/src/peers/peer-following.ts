import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { SECOND_MS, asError } from '@peer-cache/core';
import type { PeerAddress } from '@peer-cache/discovery';
import { MOST_SEGMENTS_PER_REQUEST } from '@peer-cache/protocol';
import type { SegmentState } from '@peer-cache/protocol';
import type { ContentSegment } from '../block-source.ts';
import { PeerGoneError } from '../errors.ts';
import type { LoopLag } from '../loop-lag.ts';
import type { Conduct } from './conduct.ts';
import type { PeerSession } from './peer-session.ts';
import { whileReachable } from './while-reachable.ts';

/** How long a poll waits at a peer for news: its answer is the peer's sign of life, too. */
const POLL_MS = 0.5 * SECOND_MS;
/** So many peers are polled at this pace; with more, each seldomer. */
const UNCROWDED = 8;
/** A peer whose answer is so late is looked for: it may be gone without a word. */
const LATE_MS = 1 * SECOND_MS;
/** One that is there, and does not answer for so long, counts for nothing either. */
const SILENT_MS = 6 * SECOND_MS;
const PROBE_MS = 0.8 * SECOND_MS;
const MOST_FAILURES = 3;
const LONGEST_PAUSE_MS = 2 * SECOND_MS;

/** A peer as far as it is kept up with. */
export interface FollowedPeer {
  readonly address: PeerAddress;
  readonly conduct: Conduct;
  readonly isSelf: boolean;
  /** Lends a connection for long polls; to be given back or disposed. */
  take(options: { readonly signal: AbortSignal }): Promise<PeerSession>;
  giveBack(session: PeerSession): void;
  /** Lends one for a request. */
  use<T>(
    ask: (session: PeerSession) => Promise<T>,
    options: { readonly signal: AbortSignal },
  ): Promise<T>;
}

/** Who wants to know what a peer has of some segments, and whether it is still there. */
export interface Follower {
  /** The segments to be told of now; few, since each poll names them all. */
  segments(): readonly ContentSegment[];
  /** What the peer has of a segment, and fetches of it, differs from what was told before. */
  told(segment: ContentSegment, state: SegmentState): void;
  /** It answered, whether it had anything to tell or not. */
  answered(peerId: string): void;
  /** It does not answer: nothing it told counts until it does. */
  lost(error: Error): void;
  /** It is not followed any longer. */
  left(): void;
}

export interface FollowingParts {
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly lag: LoopLag;
  /** How many peers are kept up with at present. */
  readonly followed: () => number;
}

interface Entry {
  readonly follower: Follower;
  /** The version last told of each segment, by segment index. */
  readonly known: Map<number, number>;
  isNew: boolean;
}

interface Asked {
  readonly entry: Entry;
  readonly segment: ContentSegment;
  readonly knownVersion: number;
}

/**
 * Keeps up with one peer by one long poll for all contents together. Whoever joins while a poll
 * waits is asked for at once on a connection of the pool, together with others that do.
 */
export class PeerFollowing {
  readonly #peer: FollowedPeer;
  readonly #signal: AbortSignal;
  readonly #lag: LoopLag;
  readonly #followed: () => number;
  readonly #entries = new Set<Entry>();
  #running: Promise<void> | undefined;
  #willAskForNew = false;

  constructor(peer: FollowedPeer, { signal, lag, followed }: FollowingParts) {
    this.#peer = peer;
    this.#signal = signal;
    this.#lag = lag;
    this.#followed = followed;
  }

  /** Whether anybody wants to know of the peer now. */
  get isOn(): boolean {
    return this.#entries.size > 0;
  }

  /** Resolves when nothing is under way any more. */
  get ended(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Tells a follower of the peer until disposed. */
  follow(follower: Follower): Disposable {
    const entry = { follower, known: new Map<number, number>(), isNew: true };
    this.#entries.add(entry);
    if (this.#running === undefined) this.#running = this.#run();
    else if (!this.#willAskForNew) void this.#askForNew();
    return { [Symbol.dispose]: () => void this.#entries.delete(entry) };
  }

  async #run(): Promise<void> {
    let failures = 0;
    let hasAnswered = false;
    while (this.#entries.size > 0 && !this.#signal.aborted && failures < MOST_FAILURES) {
      try {
        const session = await this.#connect(hasAnswered);
        if (this.#peer.isSelf) break;
        await this.#poll(session, () => {
          failures = 0;
          hasAnswered = true;
        });
      } catch (thrown) {
        if (this.#signal.aborted) break;
        // Once, unless it takes no connections: it may only be this one, or a peer with much to do.
        const isLate = hasAnswered && !(thrown instanceof PeerGoneError);
        hasAnswered = false;
        if (isLate) continue;
        failures++;
        this.#lose(asError(thrown));
        await this.#pause();
      }
    }
    this.#running = undefined;
    const left = [...this.#entries];
    this.#entries.clear();
    for (const { follower } of left) follower.left();
  }

  async #connect(isProbe: boolean): Promise<PeerSession> {
    const probeMs = Math.ceil(this.#lag.patience(PROBE_MS));
    if (!isProbe) return await this.#peer.take({ signal: this.#signal });
    return await this.#peer.take({
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(probeMs)]),
    });
  }

  async #poll(session: PeerSession, onAnswer: () => void): Promise<void> {
    try {
      while (this.#entries.size > 0) {
        const entries = [...this.#entries];
        const pollMs = Math.round(POLL_MS * Math.max(1, this.#followed() / UNCROWDED));
        const waitMs = entries.some(({ isNew }) => isNew) ? 0 : pollMs;
        await this.#ask(session, entries, waitMs);
        onAnswer();
      }
      this.#peer.giveBack(session);
    } catch (error) {
      session[Symbol.dispose]();
      throw error;
    }
  }

  async #ask(session: PeerSession, entries: readonly Entry[], waitMs: number): Promise<void> {
    const asked = questionsOf(entries);
    const late = { lateMs: waitMs + LATE_MS, lag: this.#lag, signal: this.#signal };
    const states = await whileReachable(this.#peer.address, late, (signal) =>
      session.state(asked, { waitMs, lateMs: SILENT_MS, signal }),
    );
    for (const state of states) {
      const question = asked[state.index];
      if (question === undefined || !this.#entries.has(question.entry)) continue;
      question.entry.known.set(question.segment.index, state.version);
      question.entry.follower.told(question.segment, state);
    }
    for (const entry of entries) {
      entry.isNew = false;
      if (this.#entries.has(entry)) entry.follower.answered(session.peerId);
    }
  }

  async #askForNew(): Promise<void> {
    this.#willAskForNew = true;
    await nextTurn();
    this.#willAskForNew = false;
    const entries = [...this.#entries].filter(({ isNew }) => isNew);
    try {
      await this.#peer.use((session) => this.#ask(session, entries, 0), { signal: this.#signal });
    } catch {
      // The poll meets the same trouble, and sees to it.
    }
  }

  #lose(error: Error): void {
    this.#peer.conduct.failed(error, '');
    for (const { follower, known } of this.#entries) {
      known.clear();
      follower.lost(error);
    }
  }

  async #pause(): Promise<void> {
    const pauseMs = Math.min(this.#peer.conduct.waitMs, LONGEST_PAUSE_MS);
    // Woken early when all is over.
    await sleep(pauseMs, undefined, { signal: this.#signal, ref: false }).catch(() => undefined);
  }
}

function questionsOf(entries: readonly Entry[]): Asked[] {
  const asked = entries.flatMap((entry) =>
    entry.follower.segments().map((segment) => {
      return { entry, segment, knownVersion: entry.known.get(segment.index) ?? 0 };
    }),
  );
  return asked.slice(0, MOST_SEGMENTS_PER_REQUEST);
}
