import { BLOCK_BYTES, SECOND_MS } from '@peer-cache/core';
import { RUN_BLOCKS } from '@peer-cache/ownership';

/** Requests that were silent for so long may be so because this machine's way out is cut. */
const SILENT_MS = 1 * SECOND_MS;
/** A claim is a loan of no more work than this. */
const LOAN_MS = 4 * SECOND_MS;
const LEAST_BLOCKS = 2;
const MEMORY_MS = 3 * SECOND_MS;

/** How this machine's own way to the origin does. */
export class OriginPulse {
  #underWay = 0;
  #heldBack = 0;
  #lastByteMs = 0;
  #bytes = 0;
  #busyMs = 0;
  #lastMs = performance.now();

  /** Requests under way. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Whether bytes come while they are asked for. */
  isAlive(nowMs: number): boolean {
    return this.#underWay <= this.#heldBack || nowMs - this.#lastByteMs < SILENT_MS;
  }

  /** What one request may ask for: what comes within the time of a loan. */
  get blocksAtATime(): number {
    if (this.#busyMs < SILENT_MS) return RUN_BLOCKS;
    const perRequest = (this.#bytes / this.#busyMs) * LOAN_MS;
    return Math.max(LEAST_BLOCKS, Math.min(RUN_BLOCKS, Math.ceil(perRequest / BLOCK_BYTES)));
  }

  begin(): void {
    this.#note(0);
    if (this.#underWay === 0) this.#lastByteMs = performance.now();
    this.#underWay++;
  }

  /** One of them may not be sent yet, or may now: until then it can bring nothing. */
  heldBack(isHeldBack: boolean): void {
    this.#heldBack += isHeldBack ? 1 : -1;
    if (!isHeldBack) this.#lastByteMs = performance.now();
  }

  received(bytes: number): void {
    this.#lastByteMs = performance.now();
    this.#note(bytes);
  }

  end(): void {
    this.#note(0);
    this.#underWay--;
  }

  /** Sums of what came and how long requests took for it, of the last seconds. */
  #note(bytes: number): void {
    const nowMs = performance.now();
    const tookMs = nowMs - this.#lastMs;
    const kept = Math.exp(-tookMs / MEMORY_MS);
    this.#lastMs = nowMs;
    this.#bytes = this.#bytes * kept + bytes;
    this.#busyMs = this.#busyMs * kept + tookMs * this.#underWay;
  }
}
