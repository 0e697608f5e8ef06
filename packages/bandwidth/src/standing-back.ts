import { SECOND_MS } from '@peer-cache/core';

/** So many tries in a row that find no queue: the link is free again. */
const GOOD_TRIES = 4;
/** So many are enough where nobody was known to use it. */
const LOOKS = 2;
const GOOD_GAP_MS = 40;
const GAP_MS = 300;
/** A return that had to be taken back so soon was none; the next is tried later, and later. */
const FAILED_RETURN_MS = 2 * SECOND_MS;
const FIRST_PAUSE_MS = 250;
const MOST_PAUSE_MS = 2 * SECOND_MS;

/** When to try whether others still use the link, and when to come back. */
export class StandingBack {
  #sinceMs = 0;
  #nextTryMs = 0;
  #goodTries = 0;
  #failedReturns = 0;
  #returnedMs = Number.NEGATIVE_INFINITY;

  get sinceMs(): number {
    return this.#sinceMs;
  }

  get nextTryMs(): number {
    return this.#nextTryMs;
  }

  /** Begins; says for how long the last return failed to be one, if it did. */
  begin(nowMs: number): { readonly missedMs: number | undefined } {
    const isFailed = nowMs - this.#returnedMs < FAILED_RETURN_MS;
    const missedMs = isFailed ? nowMs - this.#sinceMs : undefined;
    this.#failedReturns = isFailed ? this.#failedReturns + 1 : 0;
    this.#sinceMs = nowMs;
    this.#goodTries = 0;
    this.#nextTryMs = nowMs + Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failedReturns);
    return { missedMs };
  }

  /** Begins with a few tries, at once. */
  look(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#nextTryMs = nowMs;
    this.#goodTries = GOOD_TRIES - LOOKS;
  }

  /** One try found a queue, or none; says whether it is time to come back. */
  tried(isFree: boolean, nowMs: number): boolean {
    this.#goodTries = isFree ? this.#goodTries + 1 : 0;
    this.#nextTryMs = nowMs + (isFree ? GOOD_GAP_MS : GAP_MS);
    return this.#goodTries >= GOOD_TRIES;
  }

  returned(nowMs: number): void {
    this.#returnedMs = nowMs;
  }
}
