const LEAST_ROUND_MS = 50;
/** Some requests that were sent within the round have been answered by then. */
const WAYS = 1.25;

/** What one look at the link has to go by: requests that were sent since the last. */
export class Round {
  readonly startMs: number;
  #leastDelayMs: number | undefined;
  #mostBytes = 0;
  #isLimited = false;

  constructor(startMs: number) {
    this.startMs = startMs;
  }

  /** The least is least disturbed by how busy this process and the server are. */
  get leastDelayMs(): number | undefined {
    return this.#leastDelayMs;
  }

  /** Most bytes that were under way at a time. */
  get mostBytes(): number {
    return this.#mostBytes;
  }

  /** Whether more would have been asked for, had there been room. */
  get isLimited(): boolean {
    return this.#isLimited;
  }

  asked(outstandingBytes: number): void {
    this.#mostBytes = Math.max(this.#mostBytes, outstandingBytes);
  }

  wasRefused(): void {
    this.#isLimited = true;
  }

  /** A request of an earlier round tells of a window that is none any more. */
  sampled(askedMs: number, delayMs: number): void {
    if (askedMs < this.startMs) return;
    this.#leastDelayMs = Math.min(this.#leastDelayMs ?? Infinity, delayMs);
  }

  isOver(nowMs: number, delayMs: number): boolean {
    return nowMs - this.startMs >= Math.max(LEAST_ROUND_MS, WAYS * delayMs);
  }
}
