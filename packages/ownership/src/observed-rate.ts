import { SECOND_MS } from '@peer-cache/core';

/** What is older than this counts for little. */
const MEMORY_MS = 3 * SECOND_MS;

/** Bytes a millisecond of somebody who is watched while there is something to bring. */
export class ObservedRate {
  #bytes = 0;
  #ms = 0;

  /** Undefined before a first byte came. */
  get bytesPerMs(): number | undefined {
    return this.#bytes > 0 && this.#ms > 0 ? this.#bytes / this.#ms : undefined;
  }

  note(bytes: number, tookMs: number): void {
    const kept = Math.exp(-tookMs / MEMORY_MS);
    this.#bytes = this.#bytes * kept + bytes;
    this.#ms = this.#ms * kept + tookMs;
  }
}
