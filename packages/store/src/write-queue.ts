/**
 * Gathers what is to be written while a write is under way, so that the next one takes it all:
 * many small puts become few large writes, with no timer.
 */
export class WriteQueue<T> {
  readonly #write: (items: readonly T[]) => Promise<void>;
  #waiting: { readonly items: T[]; readonly written: Promise<void> } | undefined;
  #last: Promise<void> = Promise.resolve();

  /** `write` is never called again before its last call has ended. */
  constructor(write: (items: readonly T[]) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves when the items are written, and rejects when the write they went with failed. */
  add(items: readonly T[]): Promise<void> {
    this.#waiting ??= this.#startBatch();
    this.#waiting.items.push(...items);
    return this.#waiting.written;
  }

  #startBatch(): { readonly items: T[]; readonly written: Promise<void> } {
    const items: T[] = [];
    const written = this.#last.then(() => {
      this.#waiting = undefined;
      return this.#write(items);
    });
    // Whoever added an item hears of a failure; the next batch starts regardless.
    this.#last = written.catch(() => {});
    return { items, written };
  }
}
