import type { EventEmitter } from 'node:events';
import type { BlockSet, SegmentKeys, VerifiedBlock } from '@peer-cache/core';
import type {
  BlockStore,
  BlockToStore,
  SealedRun,
  SegmentCheck,
  SegmentDescription,
  SegmentFacts,
  StoredSegment,
  StoreEvents,
  StoreLimits,
  StoreUsage,
} from './block-store.ts';

/** Another store, in all that a subclass does not do otherwise. Owns it. */
export class WrappedStore implements BlockStore {
  protected readonly inner: BlockStore;

  constructor(inner: BlockStore) {
    this.inner = inner;
  }

  get events(): EventEmitter<StoreEvents> {
    return this.inner.events;
  }

  get limits(): StoreLimits {
    return this.inner.limits;
  }

  open(description: SegmentDescription): StoredSegment {
    return this.inner.open(description);
  }

  find(segmentId: Uint8Array): StoredSegment | undefined {
    return this.inner.find(segmentId);
  }

  proofKeyOf(segmentId: Uint8Array): Uint8Array | undefined {
    return this.inner.proofKeyOf(segmentId);
  }

  setPinned(segmentId: Uint8Array, isPinned: boolean): void {
    this.inner.setPinned(segmentId, isPinned);
  }

  usage(): StoreUsage {
    return this.inner.usage();
  }

  segments(): SegmentFacts[] {
    return this.inner.segments();
  }

  async check(
    segmentId: Uint8Array,
    options: { readonly signal: AbortSignal },
  ): Promise<SegmentCheck | undefined> {
    return await this.inner.check(segmentId, options);
  }

  async clear(): Promise<void> {
    await this.inner.clear();
  }

  async evictAged(): Promise<void> {
    await this.inner.evictAged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.inner[Symbol.asyncDispose]();
  }
}

/** Another segment, in all that a subclass does not do otherwise. */
export class WrappedSegment implements StoredSegment {
  protected readonly inner: StoredSegment;

  constructor(inner: StoredSegment) {
    this.inner = inner;
  }

  get keys(): SegmentKeys {
    return this.inner.keys;
  }

  get sizeBytes(): number {
    return this.inner.sizeBytes;
  }

  get blocks(): BlockSet {
    return this.inner.blocks;
  }

  get version(): number {
    return this.inner.version;
  }

  get blockHashList(): Uint8Array | undefined {
    return this.inner.blockHashList;
  }

  async putBlockHashList(blockHashList: Uint8Array): Promise<void> {
    await this.inner.putBlockHashList(blockHashList);
  }

  async put(blocks: readonly BlockToStore[]): Promise<void> {
    await this.inner.put(blocks);
  }

  async readSealed(
    run: Parameters<StoredSegment['readSealed']>[0],
  ): Promise<SealedRun | undefined> {
    return await this.inner.readSealed(run);
  }

  async read(blockIndex: number): Promise<VerifiedBlock | undefined> {
    return await this.inner.read(blockIndex);
  }

  [Symbol.dispose](): void {
    this.inner[Symbol.dispose]();
  }
}
