import {
  BlockHashListMismatchError,
  BlockMismatchError,
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  SECOND_MS,
} from '@peer-cache/core';
import { PeerBusyError } from '../errors.ts';

const FIRST_BACK_OFF_MS = 1 * SECOND_MS;
const MOST_BACK_OFF_MS = 5 * MINUTE_MS;
const FIRST_BAN_MS = 1 * HOUR_MS;
const MOST_BAN_MS = 1 * DAY_MS;
/** A peer with too much to do is worth waiting for, but not for longer than this. */
const WORTH_WAITING_MS = 2 * SECOND_MS;
/** Runs that a peer said it holds and then did not give: so often before it is out for a content. */
const MOST_BROKEN_PROMISES = 3;

/**
 * How a peer has behaved and whether to ask it. Damage on the way is nobody's proven fault, so it
 * only costs time: back-off, doubling. A block with a valid seal and a wrong hash is a lie by a
 * holder of the key: that peer is out for this content at once, and from its second content on
 * everywhere for an hour, doubling to a day. Nobody else's word counts, here or there.
 */
export class Conduct {
  readonly #now: () => number;
  readonly #liedAbout = new Set<string>();
  readonly #brokenPromises = new Map<string, number>();
  #failures = 0;
  #notBeforeMs = 0;
  #bannedUntilMs = 0;
  /** Of the first failure since it last delivered. */
  #troubledSinceMs: number | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether this peer may be asked for blocks of this content now. */
  mayAsk(contentId: string): boolean {
    return !this.isOut(contentId) && this.#now() >= this.#notBeforeMs;
  }

  /** Whether its trouble, if it has any, is so young that it may soon be over. */
  isWorthWaitingFor(contentId: string): boolean {
    const troubledMs = this.#now() - (this.#troubledSinceMs ?? this.#now());
    return !this.isOut(contentId) && troubledMs < WORTH_WAITING_MS;
  }

  /** Whether this peer will not be asked for this content again, however long we wait. */
  isOut(contentId: string): boolean {
    const brokenPromises = this.#brokenPromises.get(contentId) ?? 0;
    return (
      this.#liedAbout.has(contentId) ||
      brokenPromises >= MOST_BROKEN_PROMISES ||
      this.#now() < this.#bannedUntilMs
    );
  }

  /** How long until {@link mayAsk} can be true again. */
  get waitMs(): number {
    return Math.max(0, this.#notBeforeMs - this.#now(), this.#bannedUntilMs - this.#now());
  }

  delivered(): void {
    this.#failures = 0;
    this.#troubledSinceMs = undefined;
  }

  /** It was away and is there again: what failed because of that is forgotten, lies are not. */
  returned(): void {
    this.delivered();
    this.#notBeforeMs = 0;
  }

  promiseBroken(contentId: string): void {
    this.#brokenPromises.set(contentId, (this.#brokenPromises.get(contentId) ?? 0) + 1);
  }

  failed(error: unknown, contentId: string): void {
    this.#troubledSinceMs ??= this.#now();
    if (error instanceof BlockMismatchError || error instanceof BlockHashListMismatchError) {
      this.#lied(contentId);
    } else if (error instanceof PeerBusyError) {
      this.#notBeforeMs = this.#now() + Math.min(error.retryMs, MOST_BACK_OFF_MS);
    } else if (this.#now() >= this.#notBeforeMs) {
      // Else it is the same trouble, on another of its connections.
      const backOffMs = Math.min(FIRST_BACK_OFF_MS * 2 ** this.#failures, MOST_BACK_OFF_MS);
      this.#failures++;
      this.#notBeforeMs = this.#now() + backOffMs;
    }
  }

  #lied(contentId: string): void {
    this.#liedAbout.add(contentId);
    const contents = this.#liedAbout.size;
    if (contents < 2) return;
    this.#bannedUntilMs = this.#now() + Math.min(FIRST_BAN_MS * 2 ** (contents - 2), MOST_BAN_MS);
  }
}
