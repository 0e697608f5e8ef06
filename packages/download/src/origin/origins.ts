import type { Flights } from '../flights.ts';
import type { Supplier } from '../supplier.ts';
import type { OriginLane } from './origin-lane.ts';

/** A URL that gives the content's bytes, and how it does. */
export interface OriginWay {
  readonly supplier: Supplier;
  readonly lane: OriginLane;
}

/** The content's own URL and its mirrors: wherever its bytes can be had over the WAN. */
export class Origins {
  readonly #own: OriginWay;
  readonly #mirrors: readonly OriginWay[];
  readonly #timesAsked = new Map<Supplier, number>();

  constructor(own: OriginWay, mirrors: readonly OriginWay[]) {
    this.#own = own;
    this.#mirrors = mirrors;
  }

  /** Whether the last word of each was a failure. */
  get isTroubled(): boolean {
    return this.#all.every(({ lane }) => lane.isTroubled);
  }

  /** Why no bytes can be had any more: that of the content's own URL. Undefined while there is hope. */
  get failure(): Error | undefined {
    const hasHope = this.#mirrors.some(({ lane }) => lane.failure === undefined);
    return hasHope ? undefined : this.#own.lane.failure;
  }

  /** Requests that may be under way now. */
  get mostRuns(): number {
    return Math.max(...this.#all.map(({ lane }) => lane.mostRuns));
  }

  /** Requests that are under way. */
  underWay(flights: Flights): number {
    return this.#all.reduce((sum, { supplier }) => sum + flights.countOf(supplier), 0);
  }

  /** Whom to ask next: the one with the least to do of those that may be asked, in turns. */
  next(flights: Flights): Supplier | undefined {
    const free = this.#all
      .map(({ supplier }) => {
        const times = this.#timesAsked.get(supplier) ?? 0;
        return { supplier, times, count: flights.countOf(supplier) };
      })
      .filter(({ supplier, count }) => count < supplier.mostRuns())
      .toSorted((a, b) => a.count - b.count || a.times - b.times);
    return free[0]?.supplier;
  }

  /** It was asked. */
  asked(supplier: Supplier): void {
    this.#timesAsked.set(supplier, (this.#timesAsked.get(supplier) ?? 0) + 1);
  }

  get #all(): readonly OriginWay[] {
    return [this.#own, ...this.#mirrors];
  }
}
