import type { EventEmitter } from 'node:events';
import type { StoreEvents } from '@peer-cache/store';
import { segmentNameOf } from './proven-segments.ts';

/** Tells whoever waits which segments of the store changed: one listener for all of them. */
export class ChangeWatch implements Disposable {
  readonly #events: EventEmitter<StoreEvents>;
  readonly #waiters = new Map<string, Set<ChangeWaiter>>();

  constructor(events: EventEmitter<StoreEvents>) {
    this.#events = events;
    events.on('segment-changed', this.#onChanged);
  }

  /** Watches segments from now on, until disposed. */
  watch(segmentNames: Iterable<string>): ChangeWaiter {
    const names = new Set(segmentNames);
    const waiter = new ChangeWaiter(() => this.#remove(names, waiter));
    for (const name of names) {
      const waiters = this.#waiters.get(name) ?? new Set();
      this.#waiters.set(name, waiters.add(waiter));
    }
    return waiter;
  }

  [Symbol.dispose](): void {
    this.#events.off('segment-changed', this.#onChanged);
  }

  readonly #onChanged = ({ segmentId }: { readonly segmentId: Uint8Array }): void => {
    const name = segmentNameOf(segmentId);
    for (const waiter of this.#waiters.get(name) ?? []) waiter.notify(name);
  };

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
  readonly #remove: () => void;
  #changed = new Set<string>();
  #wake: (() => void) | undefined;

  constructor(remove: () => void) {
    this.#remove = remove;
  }

  notify(segmentName: string): void {
    this.#changed.add(segmentName);
    this.#wake?.();
  }

  /** Resolves with what changed; with nothing after `waitMs` or when the signal says so. */
  async next(waitMs: number, { signal }: { signal: AbortSignal }): Promise<ReadonlySet<string>> {
    if (this.#changed.size === 0 && waitMs > 0 && !signal.aborted) {
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
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  [Symbol.dispose](): void {
    this.#remove();
  }
}
