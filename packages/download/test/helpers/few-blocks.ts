import type { Turn, TurnUse } from '@peer-cache/bandwidth';

/** A turn for any number of transfers: at most so many blocks under way at once, first come. */
export class FewBlocks implements Turn {
  readonly isUrgent = true;
  /** Blocks of every request that was granted. */
  readonly granted: number[] = [];
  mostUnderWay = 0;
  refusals = 0;
  receivedBytes = 0;
  underWay = 0;
  isClosed = false;
  readonly #most: number;
  readonly #listeners = new Set<() => void>();

  constructor(most: number) {
    this.#most = most;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  ask(_kind: 'peer' | 'origin', wanted: number): TurnUse | undefined {
    const blocks = Math.min(wanted, this.#most - this.underWay);
    if (blocks < 1 || this.isClosed) {
      this.refusals++;
      return undefined;
    }
    this.underWay += blocks;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    this.granted.push(blocks);
    return {
      blocks,
      received: (bytes) => void (this.receivedBytes += bytes),
      [Symbol.dispose]: () => {
        this.underWay -= blocks;
        this.free();
      },
    };
  }

  onFree(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  free(): void {
    for (const listener of this.#listeners) listener();
  }
}
