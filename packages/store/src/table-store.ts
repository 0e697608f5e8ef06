import { EventEmitter } from 'node:events';
import { SECOND_MS, SEGMENT_BYTES, segmentKeysOf } from '@peer-cache/core';
import type { SegmentKeys } from '@peer-cache/core';
import type {
  BlockStore,
  SegmentCheck,
  SegmentDescription,
  SegmentFacts,
  StoredSegment,
  StoreEvents,
  StoreLimits,
  StoreUsage,
} from './block-store.ts';
import { checkBlocks } from './check-blocks.ts';
import { HeldSegment } from './held-segment.ts';
import type { SegmentBody } from './held-segment.ts';
import { keyOf, SegmentTable } from './segment-table.ts';
import type { TableEntry } from './segment-table.ts';
import type { UseClock } from './use-clock.ts';

/** The clocks of a store: the one on the wall, and the one that segments age by. */
export interface TableStoreParts {
  readonly now: () => number;
  readonly clock: UseClock;
}

/** What both stores have in common: which segments there are, who holds them, and what goes. */
export abstract class TableStore<S extends SegmentBody> implements BlockStore {
  readonly events: EventEmitter<StoreEvents> = new EventEmitter();
  readonly limits: StoreLimits;
  protected readonly table: SegmentTable<S> = new SegmentTable();
  readonly #now: () => number;
  readonly #clock: UseClock;
  readonly #maxAgeMs: number;
  readonly #running = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(
    { now, clock }: TableStoreParts,
    { limitBytes, maxAgeMs }: { readonly limitBytes: number; readonly maxAgeMs: number },
  ) {
    this.#now = now;
    this.#clock = clock;
    this.#maxAgeMs = maxAgeMs;
    this.limits = { limitBytes };
  }

  open(description: SegmentDescription): StoredSegment {
    checkDescription(description);
    const keys = segmentKeysOf(description.entry);
    const key = keyOf(keys.segmentId);
    const entry = this.#entryOf(key) ?? this.#add(description, keys);
    if (entry.sizeBytes !== description.sizeBytes) {
      throw new RangeError(`a segment of ${entry.sizeBytes} bytes, not ${description.sizeBytes}`);
    }
    entry.segment ??= this.create(entry, description, keys);
    entry.serveUntilMs = Math.max(entry.serveUntilMs, description.serveUntilMs);
    this.#use(entry);
    return this.#hold(entry, entry.segment);
  }

  find(segmentId: Uint8Array): StoredSegment | undefined {
    this.#checkOpen();
    const entry = this.table.getServed(keyOf(segmentId), this.#now());
    const segment = entry && this.segmentOf(entry);
    return entry && segment && this.#hold(entry, segment);
  }

  proofKeyOf(segmentId: Uint8Array): Uint8Array | undefined {
    return this.table.getServed(keyOf(segmentId), this.#now())?.proofKey;
  }

  setPinned(segmentId: Uint8Array, isPinned: boolean): void {
    const entry = this.#entryOf(keyOf(segmentId));
    if (entry === undefined) return;
    entry.isPinned = isPinned;
    this.#save(entry);
  }

  usage(): StoreUsage {
    return this.table.usage();
  }

  segments(): SegmentFacts[] {
    return this.table.facts();
  }

  async check(
    segmentId: Uint8Array,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<SegmentCheck | undefined> {
    const entry = this.#entryOf(keyOf(segmentId));
    const segment = entry?.segment;
    if (entry === undefined || segment === undefined) return undefined;
    entry.holders++;
    try {
      return await this.#track(checkBlocks(segment, signal));
    } finally {
      this.#letGo(entry);
    }
  }

  clear(): Promise<void> {
    this.#checkOpen();
    return this.#track(this.evict(this.table.takeAllEvictable()));
  }

  evictAged(): Promise<void> {
    this.#checkOpen();
    const beforeMs = this.#clock.readMs() - this.#maxAgeMs;
    return this.#track(this.evict(this.table.takeAged(beforeMs)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  /** Blocks or the block hash list of a segment came or went. */
  changed(entry: TableEntry<S>): void {
    entry.version++;
    this.#save(entry);
    this.events.emit('segment-changed', { segmentId: Buffer.from(entry.key, 'hex') });
  }

  /** The segment of an entry, from wherever it is kept; undefined when it was lost. */
  protected abstract segmentOf(entry: TableEntry<S>): S | undefined;

  protected abstract create(
    entry: TableEntry<S>,
    description: SegmentDescription,
    keys: SegmentKeys,
  ): S;

  /** Remembers over restarts what has changed, where the store does that. */
  protected abstract save(entry: TableEntry<S>): void;

  /** Nobody holds the segment open any more. */
  protected abstract released(entry: TableEntry<S>): void;

  /** Gives back what entries take up that are no longer in the table. */
  protected abstract discard(entries: readonly TableEntry<S>[]): Promise<void>;

  /** Discards entries that were taken out of the table, and says so. */
  protected evict(entries: readonly TableEntry<S>[]): Promise<void> {
    const discarded = this.discard(entries);
    for (const { key, sizeBytes } of entries) {
      this.events.emit('segment-evicted', { segmentId: Buffer.from(key, 'hex'), sizeBytes });
    }
    return discarded;
  }

  /** Takes out an entry that is good for nothing. */
  protected forget(entry: TableEntry<S>): void {
    this.table.delete(entry);
    // A file that can't be deleted now is when the store opens the next time.
    void this.#track(this.discard([entry]).catch(() => {}));
  }

  /** The entry with its segment loaded; undefined when it is not there or was lost. */
  #entryOf(key: string): TableEntry<S> | undefined {
    this.#checkOpen();
    const entry = this.table.get(key);
    return entry && this.segmentOf(entry) && entry;
  }

  #add({ sizeBytes, serveUntilMs }: SegmentDescription, keys: SegmentKeys): TableEntry<S> {
    const entry: TableEntry<S> = {
      key: keyOf(keys.segmentId),
      proofKey: keys.proofKey,
      sizeBytes,
      serveUntilMs,
      lastUsedMs: this.#clock.readMs(),
      storedBytes: 0,
      isPinned: false,
      version: firstVersion(this.#now()),
      holders: 0,
      segment: undefined,
    };
    this.table.add(entry);
    return entry;
  }

  #hold(entry: TableEntry<S>, segment: S): StoredSegment {
    entry.holders++;
    return new HeldSegment(segment, {
      during: (work) => this.#during(entry, work),
      release: () => this.#letGo(entry),
    });
  }

  async #during<T>(entry: TableEntry<S>, work: () => Promise<T>): Promise<T> {
    this.#checkOpen();
    entry.holders++;
    this.#use(entry);
    try {
      return await this.#track(work());
    } finally {
      this.#letGo(entry);
    }
  }

  #letGo(entry: TableEntry<S>): void {
    entry.holders--;
    if (entry.holders > 0 || this.#isClosed) return;
    if (entry.storedBytes > 0) this.released(entry);
    else this.forget(entry);
  }

  #use(entry: TableEntry<S>): void {
    this.table.use(entry, this.#clock.readMs());
    this.#save(entry);
  }

  #save(entry: TableEntry<S>): void {
    // Neither one of which nothing is here, nor one that has gone from the table.
    if (entry.storedBytes > 0 && this.table.get(entry.key) === entry) this.save(entry);
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new TypeError('the store was used after it was closed');
  }
}

/**
 * By the clock, so that a segment which goes and comes back, or is loaded by the next run, has
 * another version than whoever saw it before knows.
 */
export function firstVersion(nowMs: number): number {
  return Math.max(1, Math.floor(nowMs / SECOND_MS));
}

function checkDescription({ sizeBytes, serveUntilMs }: SegmentDescription): void {
  if (!Number.isInteger(sizeBytes) || sizeBytes < 1 || sizeBytes > SEGMENT_BYTES) {
    throw new RangeError(`a segment of ${sizeBytes} bytes`);
  }
  if (Number.isNaN(serveUntilMs)) throw new RangeError('serveUntilMs is not a number');
}
