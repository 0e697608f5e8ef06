import { setTimeout as wait } from 'node:timers/promises';

const MOST_AT_ONCE = 4;
const GAP_MS = 20;

/** Spreads multicast packets: four may go at once, more only one every 20 ms. */
export class Pace {
  readonly #now: () => number;
  /** When the next packet would go if all before had gone one every gap. */
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Resolves when the next packet may be sent. */
  async turn(signal: AbortSignal): Promise<void> {
    const nowMs = this.#now();
    this.#nextMs = Math.max(this.#nextMs, nowMs) + GAP_MS;
    const waitMs = this.#nextMs - nowMs - MOST_AT_ONCE * GAP_MS;
    if (waitMs > 0) await wait(waitMs, undefined, { signal });
    signal.throwIfAborted();
  }
}
