import type { SegmentFacts, StoreUsage } from './block-store.ts';
import { StoreFullError } from './errors.ts';
import { agedOut, isEvictable, victims } from './eviction.ts';

/** What is always in memory about a segment, about 300 bytes; `segment` is the rest, while loaded. */
export interface TableEntry<S> {
  readonly key: string;
  readonly proofKey: Uint8Array;
  readonly sizeBytes: number;
  serveUntilMs: number;
  lastUsedMs: number;
  /** 0 exactly while neither a block nor the block hash list is here. */
  storedBytes: number;
  isPinned: boolean;
  version: number;
  /** Handles and operations under way: what keeps it from being evicted. */
  holders: number;
  segment: S | undefined;
}

/** All segments of a store in the order of their last use, and what they take up. */
export class SegmentTable<S> {
  /** A Map keeps the order of insertion; a use moves an entry to the end. */
  readonly #oldestFirst = new Map<string, TableEntry<S>>();
  #usedBytes = 0;

  get(key: string): TableEntry<S> | undefined {
    return this.#oldestFirst.get(key);
  }

  /** The entry, if anything of it is here and its origin still lets it be served. */
  getServed(key: string, nowMs: number): TableEntry<S> | undefined {
    const entry = this.#oldestFirst.get(key);
    return entry && entry.storedBytes > 0 && nowMs < entry.serveUntilMs ? entry : undefined;
  }

  /** Adds an entry as the one used last. */
  add(entry: TableEntry<S>): void {
    this.#oldestFirst.set(entry.key, entry);
    this.#usedBytes += entry.storedBytes;
  }

  delete(entry: TableEntry<S>): void {
    if (this.#oldestFirst.get(entry.key) !== entry) return;
    this.#oldestFirst.delete(entry.key);
    this.#usedBytes -= entry.storedBytes;
  }

  use(entry: TableEntry<S>, timeMs: number): void {
    entry.lastUsedMs = timeMs;
    if (this.#oldestFirst.delete(entry.key)) this.#oldestFirst.set(entry.key, entry);
  }

  /** Counts bytes that an entry takes up more, or less. */
  grow(entry: TableEntry<S>, bytes: number): void {
    entry.storedBytes += bytes;
    this.#usedBytes += bytes;
  }

  /**
   * Takes out, least recently used first, what must go for `bytes` more within `limitBytes`.
   *
   * @throws {StoreFullError} when that is impossible; then nothing was taken out
   */
  makeRoom(bytes: number, limitBytes: number, place: string): TableEntry<S>[] {
    const going = victims(this.#oldestFirst.values(), this.#usedBytes + bytes - limitBytes);
    if (going === undefined) throw new StoreFullError(place, bytes);
    return this.#takeOut(going);
  }

  takeAged(beforeMs: number): TableEntry<S>[] {
    return this.#takeOut(agedOut(this.#oldestFirst.values(), beforeMs));
  }

  takeAllEvictable(): TableEntry<S>[] {
    return this.#takeOut([...this.#oldestFirst.values()].filter((entry) => isEvictable(entry)));
  }

  usage(): StoreUsage {
    let segments = 0;
    for (const { storedBytes } of this.#oldestFirst.values()) if (storedBytes > 0) segments++;
    return { segments, usedBytes: this.#usedBytes };
  }

  facts(): SegmentFacts[] {
    return [...this.#oldestFirst.values()]
      .filter(({ storedBytes }) => storedBytes > 0)
      .map(({ key, sizeBytes, storedBytes, lastUsedMs, isPinned, serveUntilMs }) => ({
        segmentId: Buffer.from(key, 'hex'),
        sizeBytes,
        storedBytes,
        lastUsedMs,
        isPinned,
        serveUntilMs,
      }));
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  #takeOut(going: TableEntry<S>[]): TableEntry<S>[] {
    for (const entry of going) this.delete(entry);
    return going;
  }
}

/** How a segment ID is written as a key, a file name, or (its first 8 digits) in a log. */
export function keyOf(segmentId: Uint8Array): string {
  return Buffer.from(segmentId.buffer, segmentId.byteOffset, segmentId.byteLength).toString('hex');
}
