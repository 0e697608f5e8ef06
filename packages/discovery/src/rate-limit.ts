import { SECOND_MS } from '@peer-cache/core';

/** Sources remembered at once; the one not seen for longest is forgotten, its tokens come back. */
const MOST_SOURCES = 1024;

export interface RateLimits {
  readonly perSourcePerSecond: number;
  readonly totalPerSecond: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Token buckets, one for each source and one for all of them, each a second's worth deep. */
export class RateLimit {
  readonly #limits: RateLimits;
  readonly #now: () => number;
  readonly #total: Bucket;
  readonly #sources = new Map<string, Bucket>();

  /** `now` gives milliseconds that never go back. */
  constructor(limits: RateLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#total = { tokens: limits.totalPerSecond, atMs: now() };
  }

  /** Takes a token for this source; false if there is none, and then none is taken. */
  take(source: string): boolean {
    const { perSourcePerSecond, totalPerSecond } = this.#limits;
    const bucket = this.#bucketOf(source);
    this.#fill(bucket, perSourcePerSecond);
    this.#fill(this.#total, totalPerSecond);
    if (bucket.tokens < 1 || this.#total.tokens < 1) return false;
    bucket.tokens--;
    this.#total.tokens--;
    return true;
  }

  #bucketOf(source: string): Bucket {
    const { perSourcePerSecond } = this.#limits;
    const bucket = this.#sources.get(source) ?? { tokens: perSourcePerSecond, atMs: this.#now() };
    this.#sources.delete(source);
    this.#sources.set(source, bucket);
    const [oldest] = this.#sources.keys();
    if (this.#sources.size > MOST_SOURCES && oldest !== undefined) this.#sources.delete(oldest);
    return bucket;
  }

  #fill(bucket: Bucket, perSecond: number): void {
    const nowMs = this.#now();
    const gained = ((nowMs - bucket.atMs) * perSecond) / SECOND_MS;
    bucket.tokens = Math.min(perSecond, bucket.tokens + gained);
    bucket.atMs = nowMs;
  }
}
