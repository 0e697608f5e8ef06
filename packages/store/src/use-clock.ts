import { DAY_MS } from '@peer-cache/core';

/**
 * The time by which segments age. It follows the clock on the wall, but never goes back, and a
 * jump or a time without a reading (switched off, asleep) counts for a day at most: a dead battery
 * or a month's leave must not empty the store.
 */
export class UseClock {
  readonly #now: () => number;
  #wallMs: number;
  #timeMs: number;

  /** `latestUseMs` is the latest reading that an earlier run left behind. */
  constructor(now: () => number, latestUseMs: number | undefined) {
    this.#now = now;
    this.#wallMs = now();
    this.#timeMs =
      latestUseMs === undefined ? this.#wallMs : latestUseMs + counted(this.#wallMs - latestUseMs);
  }

  readMs(): number {
    const wallMs = this.#now();
    this.#timeMs += counted(wallMs - this.#wallMs);
    this.#wallMs = wallMs;
    return this.#timeMs;
  }
}

function counted(passedMs: number): number {
  return Math.min(Math.max(passedMs, 0), DAY_MS);
}
