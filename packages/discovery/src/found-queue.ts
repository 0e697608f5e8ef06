/** A queue that one writer fills and one reader iterates over; it ends when it is closed. */
export class FoundQueue<Item extends object> {
  readonly #items: Item[] = [];
  #isClosed = false;
  #wake: () => void = ignore;

  push(item: Item): void {
    if (this.#isClosed) return;
    this.#items.push(item);
    this.#wake();
  }

  /** What was pushed before is still read. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, void> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) {
        yield item;
      } else if (this.#isClosed) {
        return;
      } else {
        await this.#changed();
      }
    }
  }

  #changed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    return promise;
  }
}

function ignore(): void {}
