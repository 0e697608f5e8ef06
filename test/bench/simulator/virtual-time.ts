/** Tasks in the order of their whole milliseconds, and within one in the order they were given. */
export class VirtualTime {
  #nowMs = 0;
  readonly #tasks = new Map<number, (() => void)[]>();

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Does something at a time; at the earliest later within this millisecond. */
  at(ms: number, task: () => void): void {
    const whole = Math.max(this.#nowMs, Math.ceil(ms));
    const known = this.#tasks.get(whole);
    if (known === undefined) this.#tasks.set(whole, [task]);
    else known.push(task);
  }

  after(ms: number, task: () => void): void {
    this.at(this.#nowMs + ms, task);
  }

  /** Until told to stop, or `endMs`, or nothing is left to do. */
  run(isOver: () => boolean, endMs: number): void {
    for (; this.#nowMs <= endMs && this.#tasks.size > 0; this.#nowMs++) {
      const tasks = this.#tasks.get(this.#nowMs);
      if (tasks === undefined) continue;
      // Tasks may add to it.
      for (const task of tasks) task();
      this.#tasks.delete(this.#nowMs);
      if (isOver()) return;
    }
  }
}
