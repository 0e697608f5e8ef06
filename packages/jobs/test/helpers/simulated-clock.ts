interface SimulatedEvent {
  readonly atMs: number;
  readonly number: number;
  readonly act: () => void;
}

/** Time that passes from event to event. */
export class SimulatedClock {
  nowMs = 0;
  readonly #heap: SimulatedEvent[] = [];
  #count = 0;

  after(delayMs: number, act: () => void): void {
    const event = { atMs: this.nowMs + delayMs, number: this.#count++, act };
    let at = this.#heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#isBefore(parent, at)) break;
      this.#swap(parent, at);
      at = parent;
    }
  }

  /** Lets the next event happen; false when there is none. */
  step(): boolean {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return false;
    if (this.#heap.length > 0) this.#sink(last);
    this.nowMs = first.atMs;
    first.act();
    return true;
  }

  #sink(event: SimulatedEvent): void {
    this.#heap[0] = event;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const least = this.#isBefore(left, left + 1) ? left : left + 1;
      if (!this.#isBefore(least, at)) return;
      this.#swap(least, at);
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return one !== undefined;
    return one.atMs - other.atMs < 0 || (one.atMs === other.atMs && one.number < other.number);
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}
