import { SECOND_MS } from '@peer-cache/core';

/** Before anything is known. */
const FIRST_GUESS_MS = 1.5 * SECOND_MS;
/** Where runs take longer, nothing is judged by how much. */
export const MOST_TYPICAL_MS: number = 15 * SECOND_MS;
const SAMPLES = 15;

/** How long a run takes from the origin these days, whoever fetches it: a median of the latest. */
export class TypicalTime {
  readonly #samples: number[] = [];

  get ms(): number {
    return this.among([]);
  }

  /**
   * The same, with those that are under way by what they have brought so far: where many begin at
   * once, each gets less than any had before.
   */
  among(running: readonly number[]): number {
    const sorted = [...this.#samples, ...running].toSorted((a, b) => a - b);
    return Math.min(MOST_TYPICAL_MS, sorted[sorted.length >> 1] ?? FIRST_GUESS_MS);
  }

  /** `bytes` of a run of `runBytes` took so long. */
  note(tookMs: number, bytes: number, runBytes: number): void {
    if (bytes <= 0) return;
    this.#samples.push((tookMs * runBytes) / bytes);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }
}
