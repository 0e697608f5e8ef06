import { BlockSet, blockCount, DAY_MS, verifyBlockHashList } from '@peer-cache/core';
import type { SegmentEntry, SegmentKeys, VerifiedBlock } from '@peer-cache/core';
import type {
  BlockStore,
  BlockToStore,
  SealedRun,
  SegmentDescription,
  StoredSegment,
} from './block-store.ts';
import type { SegmentBody } from './held-segment.ts';
import {
  fittingCount,
  openStored,
  sealedOffset,
  sealedRunBytes,
  toPlaced,
} from './sealed-layout.ts';
import type { TableEntry } from './segment-table.ts';
import { TableStore } from './table-store.ts';
import { UseClock } from './use-clock.ts';

/** What the store in memory is made of. */
export interface MemoryBlockStoreParts {
  /** Milliseconds since 1970: the clock on the wall. */
  readonly now?: () => number;
}

/** How much the store in memory may keep. */
export interface MemoryBlockStoreOptions {
  /** Most bytes of segments in memory. */
  readonly limitBytes: number;
  /** Segments not used for so long are evicted when asked; 28 days, as in BranchCache. */
  readonly maxAgeMs?: number;
}

/** A store that keeps nothing over a restart: for tests, and for one transfer without an agent. */
export function createMemoryBlockStore(
  { now = Date.now }: MemoryBlockStoreParts,
  { limitBytes, maxAgeMs = 28 * DAY_MS }: MemoryBlockStoreOptions,
): BlockStore {
  const clock = new UseClock(now, undefined);
  return new MemoryBlockStore({ now, clock }, { limitBytes, maxAgeMs });
}

type MemoryEntry = TableEntry<MemorySegment>;

interface MemorySegmentHome {
  /**
   * Makes room and counts it.
   *
   * @throws {StoreFullError} when there is no room
   */
  reserve(entry: MemoryEntry, bytes: number): void;
  changed(entry: MemoryEntry): void;
}

class MemoryBlockStore extends TableStore<MemorySegment> implements MemorySegmentHome {
  reserve(entry: MemoryEntry, bytes: number): void {
    const going = this.table.makeRoom(bytes, this.limits.limitBytes, 'in memory');
    this.table.grow(entry, bytes);
    // Nothing to wait for: memory is free when nobody points to it.
    void this.evict(going);
  }

  protected segmentOf({ segment }: MemoryEntry): MemorySegment | undefined {
    return segment;
  }

  protected create(
    entry: MemoryEntry,
    description: SegmentDescription,
    keys: SegmentKeys,
  ): MemorySegment {
    return new MemorySegment(entry, this, { segmentEntry: description.entry, keys });
  }

  protected save(): void {}

  protected released(): void {}

  protected async discard(): Promise<void> {}
}

class MemorySegment implements SegmentBody {
  readonly keys: SegmentKeys;
  readonly blocks: BlockSet;
  readonly #entry: MemoryEntry;
  readonly #segmentEntry: SegmentEntry;
  readonly #home: MemorySegmentHome;
  readonly #sealed = new Map<number, Buffer>();
  #blockHashList: Uint8Array | undefined;

  constructor(
    entry: MemoryEntry,
    home: MemorySegmentHome,
    { segmentEntry, keys }: { readonly segmentEntry: SegmentEntry; readonly keys: SegmentKeys },
  ) {
    this.#entry = entry;
    this.#home = home;
    this.#segmentEntry = segmentEntry;
    this.keys = keys;
    this.blocks = new BlockSet(blockCount(entry.sizeBytes));
  }

  get sizeBytes(): number {
    return this.#entry.sizeBytes;
  }

  get version(): number {
    return this.#entry.version;
  }

  get blockHashList(): Uint8Array | undefined {
    return this.#blockHashList;
  }

  async putBlockHashList(blockHashList: Uint8Array): Promise<void> {
    const { segmentHash } = this.#segmentEntry;
    verifyBlockHashList(blockHashList, { segmentHash, sizeBytes: this.sizeBytes });
    if (this.#blockHashList !== undefined) return;
    const copied = Uint8Array.from(blockHashList);
    this.#home.reserve(this.#entry, copied.length);
    this.#blockHashList = copied;
    this.#home.changed(this.#entry);
  }

  async put(blocks: readonly BlockToStore[]): Promise<void> {
    const fresh = new Map<number, Buffer>();
    for (const block of blocks) {
      if (this.blocks.has(block.block.blockIndex)) continue;
      const { blockIndex, sealed } = toPlaced(this, block);
      // A copy: `sealed` may be a part of a buffer that the caller uses again.
      fresh.set(blockIndex, Buffer.from(sealed));
    }
    if (fresh.size === 0) return;
    this.#home.reserve(
      this.#entry,
      [...fresh.values()].reduce((sum, { length }) => sum + length, 0),
    );
    for (const [blockIndex, sealed] of fresh) {
      this.#sealed.set(blockIndex, sealed);
      this.blocks.add(blockIndex);
    }
    this.#home.changed(this.#entry);
  }

  async readSealed({
    firstBlock,
    count,
    into,
    at = 0,
  }: Parameters<StoredSegment['readSealed']>[0]): Promise<SealedRun | undefined> {
    const here = { firstBlock, count: this.blocks.runLength(firstBlock, count) };
    const fitting = into ? fittingCount(this.sizeBytes, here, into.length - at) : here.count;
    if (fitting === 0) return undefined;
    const runBytes = sealedRunBytes(this.sizeBytes, firstBlock, fitting);
    const bytes = into?.subarray(at, at + runBytes) ?? Buffer.allocUnsafe(runBytes);
    for (let place = 0; place < fitting; place++) {
      this.#sealed.get(firstBlock + place)?.copy(bytes, sealedOffset(place));
    }
    return { count: fitting, bytes };
  }

  async read(blockIndex: number): Promise<VerifiedBlock | undefined> {
    const sealed = this.#sealed.get(blockIndex);
    return sealed && openStored(this, blockIndex, sealed);
  }
}
