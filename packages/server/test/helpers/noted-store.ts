import type { EventEmitter } from 'node:events';
import type { BlockSet, SegmentKeys, VerifiedBlock } from '@peer-cache/core';
import { createMemoryBlockStore } from '@peer-cache/store';
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
} from '@peer-cache/store';

type SealedRead = Parameters<StoredSegment['readSealed']>[0];

/** A store in memory that notes what it is asked, and whose reads a test can hold up or fail. */
export class NotedStore implements BlockStore {
  readonly #store: BlockStore = createMemoryBlockStore({}, { limitBytes: Number.MAX_SAFE_INTEGER });
  /** Calls so far by which a request can learn of a segment, in order. */
  readonly calls: string[] = [];
  /** Handles that `find` gave and that were not disposed yet. */
  openHandles = 0;
  /** Every sealed read goes through this. */
  onRead = async (
    _run: SealedRead,
    read: () => Promise<SealedRun | undefined>,
  ): Promise<SealedRun | undefined> => read();

  get events(): EventEmitter<StoreEvents> {
    return this.#store.events;
  }

  get limits(): StoreLimits {
    return this.#store.limits;
  }

  open(description: SegmentDescription): StoredSegment {
    return this.#store.open(description);
  }

  find(segmentId: Uint8Array): StoredSegment | undefined {
    this.calls.push('find');
    const segment = this.#store.find(segmentId);
    return segment && new NotedSegment(this, segment);
  }

  proofKeyOf(segmentId: Uint8Array): Uint8Array | undefined {
    this.calls.push('proofKeyOf');
    return this.#store.proofKeyOf(segmentId);
  }

  setPinned(segmentId: Uint8Array, isPinned: boolean): void {
    this.#store.setPinned(segmentId, isPinned);
  }

  usage(): StoreUsage {
    return this.#store.usage();
  }

  segments(): SegmentFacts[] {
    return this.#store.segments();
  }

  check(
    segmentId: Uint8Array,
    options: { readonly signal: AbortSignal },
  ): Promise<SegmentCheck | undefined> {
    return this.#store.check(segmentId, options);
  }

  clear(): Promise<void> {
    return this.#store.clear();
  }

  evictAged(): Promise<void> {
    return this.#store.evictAged();
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#store[Symbol.asyncDispose]();
  }
}

class NotedSegment implements StoredSegment {
  readonly #store: NotedStore;
  readonly #segment: StoredSegment;

  constructor(store: NotedStore, segment: StoredSegment) {
    this.#store = store;
    this.#segment = segment;
    store.openHandles++;
  }

  get keys(): SegmentKeys {
    return this.#segment.keys;
  }

  get sizeBytes(): number {
    return this.#segment.sizeBytes;
  }

  get blocks(): BlockSet {
    return this.#segment.blocks;
  }

  get version(): number {
    return this.#segment.version;
  }

  get blockHashList(): Uint8Array | undefined {
    return this.#segment.blockHashList;
  }

  putBlockHashList(blockHashList: Uint8Array): Promise<void> {
    return this.#segment.putBlockHashList(blockHashList);
  }

  put(blocks: readonly BlockToStore[]): Promise<void> {
    return this.#segment.put(blocks);
  }

  readSealed(run: SealedRead): Promise<SealedRun | undefined> {
    this.#store.calls.push(run.isSuspect ? 'readSealed suspect' : 'readSealed');
    return this.#store.onRead(run, () => this.#segment.readSealed(run));
  }

  read(blockIndex: number): Promise<VerifiedBlock | undefined> {
    return this.#segment.read(blockIndex);
  }

  [Symbol.dispose](): void {
    this.#store.openHandles--;
    this.#segment[Symbol.dispose]();
  }
}
