import type { LimitsClock } from '../../src/limits.ts';

/** A clock that goes when it is told to. */
export class HandClock implements LimitsClock {
  #uptimeMs = 0;
  #wallMs: number;
  readonly #ticking = new Set<{ intervalMs: number; dueMs: number; work: () => void }>();

  constructor(wall: Date = new Date(2026, 0, 5)) {
    this.#wallMs = wall.getTime();
  }

  uptimeMs(): number {
    return this.#uptimeMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  every(intervalMs: number, work: () => void): Disposable {
    const ticking = { intervalMs, dueMs: this.#uptimeMs + intervalMs, work };
    this.#ticking.add(ticking);
    return { [Symbol.dispose]: () => this.#ticking.delete(ticking) };
  }

  /** Resolves when so much time has passed, or the signal is aborted; never without a time. */
  async sleep(ms: number | undefined, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) return;
    signal.addEventListener('abort', () => resolve(), { once: true });
    using _waiting = ms === undefined ? undefined : this.every(ms, resolve);
    await promise;
  }

  /** Lets so much time pass, and whatever is due in it happen. */
  pass(ms: number): void {
    const endMs = this.#uptimeMs + ms;
    for (;;) {
      const due = [...this.#ticking].filter(({ dueMs }) => dueMs <= endMs);
      const [next] = due.toSorted((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.#goTo(next.dueMs);
      next.dueMs += next.intervalMs;
      next.work();
    }
    this.#goTo(endMs);
  }

  /** Somebody set the clock on the wall. */
  setWall(wall: Date): void {
    this.#wallMs = wall.getTime();
  }

  #goTo(uptimeMs: number): void {
    this.#wallMs += uptimeMs - this.#uptimeMs;
    this.#uptimeMs = uptimeMs;
  }
}
