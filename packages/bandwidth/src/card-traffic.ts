import { SECOND_MS } from '@peer-cache/core';

/** Counts of this machine at a moment, all growing. */
export interface CardSample {
  readonly atMs: number;
  /** That its network cards took in. */
  readonly cardBytes: number;
  /** Of contents that this process took in, whether from origins or from neighbours. */
  readonly ownBytes: number;
}

/** What contents are on the wire: frames, headers, and what is sent again. */
const FRAMES = 1.08;
/** Of what the link brings: less may be what is counted late. */
const LEAST_SHARE = 0.2;
const LEAST_LOOKS = 2;
const FIRST_PAUSE_MS = 3 * SECOND_MS;
const MOST_PAUSE_MS = 60 * SECOND_MS;

/**
 * Whether other programs of this machine take in a part of what the link brings, by the counters of
 * its network cards, as BITS goes by. What they take in may come from the LAN and disturb nobody:
 * so it says so once, and then more and more seldom while that lasts. Pure: samples come in.
 */
export class CardTraffic {
  #last: CardSample | undefined;
  #looks = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #quietUntilMs = 0;

  /** True where way is to be made; `linkBytesPerSecond` is 0 while nobody knows. */
  look(sample: CardSample, linkBytesPerSecond: number): boolean {
    const last = this.#last;
    this.#last = sample;
    if (last === undefined || linkBytesPerSecond === 0) return false;
    const seconds = (sample.atMs - last.atMs) / SECOND_MS;
    const own = (sample.ownBytes - last.ownBytes) * FRAMES;
    const others = (sample.cardBytes - last.cardBytes - own) / seconds;
    if (!(others > LEAST_SHARE * linkBytesPerSecond)) {
      this.#looks = 0;
      if (sample.atMs > this.#quietUntilMs) this.#pauseMs = FIRST_PAUSE_MS;
      return false;
    }
    if (++this.#looks < LEAST_LOOKS || sample.atMs < this.#quietUntilMs) return false;
    this.#quietUntilMs = sample.atMs + this.#pauseMs;
    this.#pauseMs = Math.min(MOST_PAUSE_MS, 2 * this.#pauseMs);
    return true;
  }

  /** Nothing was looked at for a while: what comes next is compared with nothing. */
  rest(): void {
    this.#last = undefined;
    this.#looks = 0;
  }
}
