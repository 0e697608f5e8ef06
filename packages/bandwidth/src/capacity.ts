import { MINUTE_MS, SECOND_MS } from '@peer-cache/core';
import type { OwnRate } from './own-rate.ts';

/** A rate that was kept for so long is what the link can do… */
const PROOF_MS = 1 * SECOND_MS;
/** …and one of so long will do until then. */
const FIRST_PROOF_MS = 300;
/** What can't be had any more is forgotten by half in so long: links become slower, too. */
const HALF_LIFE_MS = 15 * MINUTE_MS;
/** What others told, and was not had in so long of trying, is not so. */
const HEARSAY_MS = 20 * SECOND_MS;
/** Where nothing waits in a queue, nobody else may be there: a radio that fades, a lossy line. */
const EMPTY_HALF_LIFE_MS = 2 * MINUTE_MS;
/** A rate that is nearly what it was is what it is now, after some time of this. */
const NEARLY = 0.9;
const TRACKING_MS = 5 * SECOND_MS;

/** What the link brings at best, as far as own transfers have shown. Bytes per ms. */
export class Capacity {
  #value: number | undefined;
  #sinceMs: number | undefined;
  #lastMs = 0;
  #supposed: number | undefined;
  #supposedMs = 0;

  /** Undefined while nothing has filled the link, and nobody told. */
  get bytesPerMs(): number | undefined {
    return this.isHearsay ? this.#supposed : this.#value;
  }

  /** What own transfers have shown. */
  get provenBytesPerMs(): number | undefined {
    return this.#value;
  }

  /** Whether it is only what others told. */
  get isHearsay(): boolean {
    return this.#supposed !== undefined && this.#supposed > (this.#value ?? 0);
  }

  /** Others say so: believed for a while, by who has no proof yet. */
  suppose(bytesPerMs: number): void {
    if (this.#value === undefined) this.#supposed ??= bytesPerMs;
  }

  /** The own window fills the link, or might. */
  filled(rate: OwnRate, nowMs: number): void {
    const tookMs = this.#sinceMs === undefined ? 0 : nowMs - this.#lastMs;
    this.#sinceMs ??= nowMs;
    this.#lastMs = nowMs;
    const forMs = nowMs - this.#sinceMs;
    this.#supposedMs += tookMs;
    if (this.#supposedMs > HEARSAY_MS) this.#supposed = 0;
    if (forMs < FIRST_PROOF_MS) return;
    if (forMs < PROOF_MS && this.#value !== undefined) return;
    const shown = rate.over(Math.min(forMs, PROOF_MS), nowMs);
    const before = this.#value ?? 0;
    if (shown > before) this.#value = shown;
    else if (shown > NEARLY * before) {
      this.#value = before + (shown - before) * (1 - Math.exp(-tookMs / TRACKING_MS));
    }
  }

  /** It is not filled any more: the next proof begins anew. */
  left(): void {
    this.#sinceMs = undefined;
  }

  /** What was known could not be had for so long. */
  missed(spanMs: number, { hasQueue }: { readonly hasQueue: boolean }): void {
    const halfLifeMs = hasQueue ? HALF_LIFE_MS : EMPTY_HALF_LIFE_MS;
    this.#supposedMs += spanMs;
    if (this.#supposedMs > HEARSAY_MS) this.#supposed = 0;
    if (this.#value !== undefined) this.#value *= 2 ** (-spanMs / halfLifeMs);
  }
}
