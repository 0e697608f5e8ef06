import { SECOND_MS } from '@peer-cache/core';

const TICK_MS = 50;
const MEMORY_MS = 2 * SECOND_MS;
/** A process that comes to its turn so late is not the one to judge who is late. */
const BUSY_MS = 100;
/** A request and its answer take several turns of both processes. */
const LAGS = 24;

/**
 * How late this process comes to do things, because it or the whole machine has too much to do:
 * what seems silent may only be unheard.
 */
export class LoopLag implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #lagMs = 0;
  #lastMs = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** How long to wait for others, who are told to have so long, by a process that is late itself. */
  patience(ms: number): number {
    return ms + LAGS * this.#lagMs;
  }

  get isBusy(): boolean {
    return this.#lagMs > BUSY_MS;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const nowMs = performance.now();
    const tookMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    const lateMs = Math.max(0, tookMs - TICK_MS);
    this.#lagMs = Math.max(lateMs, this.#lagMs * Math.exp(-tookMs / MEMORY_MS));
  }
}
