import type { EventEmitter } from 'node:events';
import type { Board, BoardEvents } from '@peer-cache/ownership';
import type { StoreEvents } from '@peer-cache/store';
import { segmentNameOf } from './proven-segments.ts';

/** What need not be known at once is told with whatever comes next, or after so long. */
const UNHURRIED_MS = 300;

/**
 * Tells whoever waits which segments changed, in the store or on the board: one listener for all of
 * them. While somebody here works on a segment, its new blocks are mostly such as the neighbours
 * have, too; the board says which are not.
 */
export class ChangeWatch implements Disposable {
  readonly #events: EventEmitter<StoreEvents>;
  readonly #board: Board;
  readonly #waiters = new Map<string, Set<ChangeWaiter>>();
  #waiterCount = 0;

  constructor(events: EventEmitter<StoreEvents>, board: Board) {
    this.#events = events;
    this.#board = board;
    events.on('segment-changed', this.#onStoreChanged);
    board.events.on('segment-changed', this.#onBoardChanged);
  }

  /** How many callers poll. */
  get waiterCount(): number {
    return this.#waiterCount;
  }

  /** Watches segments from now on, until disposed. */
  watch(segmentNames: Iterable<string>): ChangeWaiter {
    return this.#add(segmentNames, { isClose: false });
  }

  /** Watches one segment for whoever wants each change at once, and is no caller that polls. */
  watchClosely(segmentName: string): ChangeWaiter {
    return this.#add([segmentName], { isClose: true });
  }

  [Symbol.dispose](): void {
    this.#events.off('segment-changed', this.#onStoreChanged);
    this.#board.events.off('segment-changed', this.#onBoardChanged);
  }

  readonly #onStoreChanged = ({ segmentId }: { readonly segmentId: Uint8Array }): void => {
    const segmentName = segmentNameOf(segmentId);
    this.#notify(segmentName, { isUrgent: this.#board.find(segmentName) === undefined });
  };

  readonly #onBoardChanged = (change: BoardEvents['segment-changed'][0]): void => {
    this.#notify(change.segmentName, change);
  };

  #notify(segmentName: string, change: { readonly isUrgent: boolean }): void {
    for (const waiter of this.#waiters.get(segmentName) ?? []) waiter.notify(segmentName, change);
  }

  #add(segmentNames: Iterable<string>, { isClose }: { readonly isClose: boolean }): ChangeWaiter {
    const names = new Set(segmentNames);
    const polls = isClose ? 0 : 1;
    const waiter = new ChangeWaiter(isClose, () => {
      this.#waiterCount -= polls;
      this.#remove(names, waiter);
    });
    for (const name of names) {
      const waiters = this.#waiters.get(name) ?? new Set();
      this.#waiters.set(name, waiters.add(waiter));
    }
    this.#waiterCount += polls;
    return waiter;
  }

  #remove(names: ReadonlySet<string>, waiter: ChangeWaiter): void {
    for (const name of names) {
      const waiters = this.#waiters.get(name);
      waiters?.delete(waiter);
      if (waiters?.size === 0) this.#waiters.delete(name);
    }
  }
}

/** One request that waits. Changes between two waits are kept for the second. */
export class ChangeWaiter implements Disposable {
  readonly #isClose: boolean;
  readonly #remove: () => void;
  #changed = new Set<string>();
  #isUrgent = false;
  #unhurried: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;

  constructor(isClose: boolean, remove: () => void) {
    this.#isClose = isClose;
    this.#remove = remove;
  }

  notify(segmentName: string, { isUrgent }: { readonly isUrgent: boolean }): void {
    this.#changed.add(segmentName);
    if (isUrgent || this.#isClose) this.#hurry();
    else this.#unhurried ??= setTimeout(() => this.#hurry(), UNHURRIED_MS).unref();
  }

  /**
   * Resolves with what changed, soon after the first change or at once if it is urgent; with
   * nothing after `waitMs` or when the signal says so.
   */
  async next(waitMs: number, { signal }: { signal: AbortSignal }): Promise<ReadonlySet<string>> {
    if (!this.#isUrgent && waitMs > 0 && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, waitMs).unref();
      const onAbort = (): void => resolve();
      signal.addEventListener('abort', onAbort);
      await promise;
      signal.removeEventListener('abort', onAbort);
      clearTimeout(timer);
      this.#wake = undefined;
    }
    clearTimeout(this.#unhurried);
    this.#unhurried = undefined;
    this.#isUrgent = false;
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#unhurried);
    this.#remove();
  }

  #hurry(): void {
    this.#isUrgent = true;
    this.#wake?.();
  }
}
