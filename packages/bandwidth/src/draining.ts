import { SECOND_MS } from '@peer-cache/core';

/** Own requests are fewer so often for a moment, so that whoever starts late learns the true base. */
const EVERY_MS = 9 * SECOND_MS;
/** Of what fills the link without a queue: it is not left empty for that. */
const SHARE = 0.6;

/** When the own queue is left to run dry, and when it has. */
export class Draining {
  #nextMs = EVERY_MS;
  #emptyMs = 0;
  #windowBytes = 0;

  /** What may be under way meanwhile. */
  get windowBytes(): number {
    return this.#windowBytes;
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#nextMs;
  }

  /** `fillingBytes` fill the link without a queue; what is sent after `emptyInMs` meets none of ours. */
  begin(fillingBytes: number, emptyInMs: number, nowMs: number): void {
    this.#windowBytes = SHARE * fillingBytes;
    this.#emptyMs = nowMs + emptyInMs;
  }

  /** Whether a request that was sent then met no queue of our own. */
  isOver(askedMs: number): boolean {
    return askedMs >= this.#emptyMs;
  }

  postpone(nowMs: number): void {
    this.#nextMs = nowMs + EVERY_MS;
  }
}
