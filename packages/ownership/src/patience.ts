const MOST = 8;
const GROWTH = 2;
const DECAY = 0.95;

/**
 * How much longer than usual to wait before fetching what is another's: claims that cross show that
 * what is told is heard late, since the machine or the network has much to do.
 */
export class Patience {
  #factor = 1;

  get factor(): number {
    return this.#factor;
  }

  /** Somebody fetches, or fetched, what this peer does. */
  crossed(): void {
    this.#factor = Math.min(MOST, this.#factor * GROWTH);
  }

  /** A run was fetched to its end. */
  brought(): void {
    this.#factor = Math.max(1, this.#factor * DECAY);
  }
}
