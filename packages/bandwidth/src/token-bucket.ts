import { SECOND_MS } from '@peer-cache/core';

/** What can be saved up while nobody asks, as the time that the rate takes for it. */
const CAPACITY_MS = 250;

/**
 * Bytes that may be taken at a rate: what is there grows with the time, up to 250 ms worth, so that
 * no burst is larger than that. Rates are bytes per second, 0 for blocked and undefined for no
 * limit; times are milliseconds of a clock that never jumps.
 */
export class TokenBucket {
  #rate: number | undefined;
  /** Whole bytes and a fraction of one. */
  #bytes = 0;
  #atMs: number;

  /** Begins empty: who comes and goes gains nothing by it. */
  constructor(rate: number | undefined, nowMs: number) {
    this.#rate = rate;
    this.#atMs = nowMs;
  }

  get rate(): number | undefined {
    return this.#rate;
  }

  /** When anybody last asked. */
  get atMs(): number {
    return this.#atMs;
  }

  /** Most bytes that can be had at once. */
  get capacityBytes(): number {
    if (this.#rate === undefined) return Infinity;
    // A rate of a few bytes per second still has to give one at a time.
    return this.#rate === 0 ? 0 : Math.max(1, (this.#rate * CAPACITY_MS) / SECOND_MS);
  }

  /** From now on the rate is another; what is there stays, as far as it may be there. */
  setRate(rate: number | undefined, nowMs: number): void {
    this.#fill(nowMs);
    this.#rate = rate;
    this.#bytes = rate === undefined ? 0 : Math.min(this.#bytes, this.capacityBytes);
  }

  /** Whole bytes that can be had now. */
  available(nowMs: number): number {
    this.#fill(nowMs);
    return this.#rate === undefined ? Infinity : Math.floor(this.#bytes);
  }

  /** Takes so many bytes, or as many as there are, and tells how many. */
  take(bytes: number, nowMs: number): number {
    const taken = Math.min(bytes, this.available(nowMs));
    if (this.#rate !== undefined) this.#bytes -= taken;
    return taken;
  }

  /** Returns bytes that were taken and not used. */
  giveBack(bytes: number): void {
    if (this.#rate === undefined) return;
    this.#bytes = Math.min(this.#bytes + bytes, this.capacityBytes);
  }

  /** Milliseconds until so many bytes can be had, or as many as ever can; undefined while blocked. */
  waitMs(bytes: number, nowMs: number): number | undefined {
    if (this.#rate === undefined) return 0;
    if (this.#rate === 0) return undefined;
    this.#fill(nowMs);
    const missing = Math.min(bytes, this.capacityBytes) - this.#bytes;
    return Math.max(0, (missing / this.#rate) * SECOND_MS);
  }

  #fill(nowMs: number): void {
    // Where nothing is limited nothing is counted.
    if (this.#rate !== undefined) {
      const grown = (this.#rate * Math.max(0, nowMs - this.#atMs)) / SECOND_MS;
      this.#bytes = Math.min(this.#bytes + grown, this.capacityBytes);
    }
    this.#atMs = nowMs;
  }
}
