import type { EventEmitter } from 'node:events';
import type { Board, BoardEvents } from '@peer-cache/ownership';
import type { StoreEvents } from '@peer-cache/store';
import { segmentNameOf } from './proven-segments.ts';

/** Segments whose last urgent change is remembered. */
const MOST_REMEMBERED = 4096;

export interface ChangeWatchParts {
  readonly events: EventEmitter<StoreEvents>;
  readonly board: Board;
  readonly now: () => number;
}

interface Urgency {
  readonly isUrgent: boolean;
}

/**
 * Tells whoever waits which segments changed, in the store or on the board: one listener for all of
 * them. While somebody here works on a segment, its new blocks are no hurry: whoever wants them
 * awaits them already.
 */
export class ChangeWatch implements Disposable {
  readonly #parts: ChangeWatchParts;
  readonly #waiters = new Map<string, Set<ChangeWaiter>>();
  readonly #urgentMs = new Map<string, number>();
  #waiterCount = 0;

  constructor(parts: ChangeWatchParts) {
    this.#parts = parts;
    parts.events.on('segment-changed', this.#onStoreChanged);
    parts.board.events.on('segment-changed', this.#onBoardChanged);
  }

  /** How many callers poll. */
  get waiterCount(): number {
    return this.#waiterCount;
  }

  /** Whether something of a segment changed since then that should be known at once. */
  isUrgentSince(segmentName: string, sinceMs: number): boolean {
    return (this.#urgentMs.get(segmentName) ?? Number.NEGATIVE_INFINITY) > sinceMs;
  }

  /** Watches segments from now on, until disposed. */
  watch(segmentNames: Iterable<string>): ChangeWaiter {
    const waiter = this.#add(new Set(segmentNames), () => this.#waiterCount--);
    this.#waiterCount++;
    return waiter;
  }

  /** The same for one segment and somebody who is no caller that polls. */
  watchBlocks(segmentName: string): ChangeWaiter {
    return this.#add(new Set([segmentName]), () => undefined);
  }

  [Symbol.dispose](): void {
    this.#parts.events.off('segment-changed', this.#onStoreChanged);
    this.#parts.board.events.off('segment-changed', this.#onBoardChanged);
  }

  readonly #onStoreChanged = ({ segmentId }: { readonly segmentId: Uint8Array }): void => {
    const segmentName = segmentNameOf(segmentId);
    this.#notify(segmentName, { isUrgent: this.#parts.board.find(segmentName) === undefined });
  };

  readonly #onBoardChanged = (change: BoardEvents['segment-changed'][0]): void => {
    this.#notify(change.segmentName, change);
  };

  #notify(segmentName: string, urgency: Urgency): void {
    if (urgency.isUrgent) this.#remember(segmentName);
    for (const waiter of this.#waiters.get(segmentName) ?? []) waiter.notify(segmentName, urgency);
  }

  #remember(segmentName: string): void {
    this.#urgentMs.delete(segmentName);
    this.#urgentMs.set(segmentName, this.#parts.now());
    if (this.#urgentMs.size <= MOST_REMEMBERED) return;
    const [oldest] = this.#urgentMs.keys();
    if (oldest !== undefined) this.#urgentMs.delete(oldest);
  }

  #add(names: ReadonlySet<string>, onRemoved: () => void): ChangeWaiter {
    const waiter = new ChangeWaiter(() => {
      onRemoved();
      this.#remove(names, waiter);
    });
    for (const name of names) {
      const waiters = this.#waiters.get(name) ?? new Set();
      this.#waiters.set(name, waiters.add(waiter));
    }
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

export interface WaitOptions {
  readonly signal: AbortSignal;
  /** True. Else only a change that is urgent ends the wait, and the others are kept for later. */
  readonly isEager?: boolean;
}

/** One request that waits. Changes between two waits are kept for the second. */
export class ChangeWaiter implements Disposable {
  readonly #remove: () => void;
  #changed = new Set<string>();
  #isUrgent = false;
  #wake: ((urgency: Urgency) => void) | undefined;

  constructor(remove: () => void) {
    this.#remove = remove;
  }

  notify(segmentName: string, urgency: Urgency): void {
    this.#changed.add(segmentName);
    this.#isUrgent ||= urgency.isUrgent;
    this.#wake?.(urgency);
  }

  /** Resolves with what changed; with nothing urgent after `waitMs` or when the signal says so. */
  async next(
    waitMs: number,
    { signal, isEager = true }: WaitOptions,
  ): Promise<ReadonlySet<string>> {
    const isDue = isEager ? this.#changed.size > 0 : this.#isUrgent;
    if (!isDue && waitMs > 0 && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = ({ isUrgent }) => {
        if (isEager || isUrgent) resolve();
      };
      const timer = setTimeout(resolve, waitMs).unref();
      const onAbort = (): void => resolve();
      signal.addEventListener('abort', onAbort);
      await promise;
      signal.removeEventListener('abort', onAbort);
      clearTimeout(timer);
      this.#wake = undefined;
    }
    const changed = this.#changed;
    this.#changed = new Set();
    this.#isUrgent = false;
    return changed;
  }

  [Symbol.dispose](): void {
    this.#remove();
  }
}
