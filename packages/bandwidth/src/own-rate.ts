import { SECOND_MS } from '@peer-cache/core';

const SLOT_MS = 50;
const SLOTS = (2 * SECOND_MS) / SLOT_MS;

/** Bytes that came within the last two seconds, kept as running sums. Rates in bytes per ms. */
export class OwnRate {
  readonly #slots = new Float64Array(SLOTS);
  #slot = 0;

  note(bytes: number, nowMs: number): void {
    this.#turnTo(nowMs);
    this.#slots[this.#slot % SLOTS] = (this.#slots[this.#slot % SLOTS] ?? 0) + bytes;
  }

  /** Of the whole slots within the last `spanMs` (at most 2 s). */
  over(spanMs: number, nowMs: number): number {
    this.#turnTo(nowMs);
    const count = Math.min(SLOTS - 1, Math.max(1, Math.round(spanMs / SLOT_MS)));
    let bytes = 0;
    for (let back = 1; back <= count; back++) {
      bytes += this.#slots[(this.#slot - back + SLOTS) % SLOTS] ?? 0;
    }
    return bytes / (count * SLOT_MS);
  }

  #turnTo(nowMs: number): void {
    const slot = Math.floor(nowMs / SLOT_MS);
    if (this.#slot === 0) this.#slot = slot;
    const from = Math.max(this.#slot + 1, slot - SLOTS + 1);
    for (let each = from; each <= slot; each++) this.#slots[each % SLOTS] = 0;
    this.#slot = Math.max(this.#slot, slot);
  }
}
