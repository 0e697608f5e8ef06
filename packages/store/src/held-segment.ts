import type { BlockSet, SegmentKeys, VerifiedBlock } from '@peer-cache/core';
import type { BlockToStore, SealedRun, StoredSegment } from './block-store.ts';

/** A segment without the duty to let go of it. */
export type SegmentBody = Omit<StoredSegment, keyof Disposable>;

/** What a handle asks of the store. */
export interface Holder {
  /** Does the work while the segment can't be evicted, and counts as a use of it. */
  during<T>(work: () => Promise<T>): Promise<T>;
  release(): void;
}

/** A segment held open: what {@link BlockStore.open} and {@link BlockStore.find} give. */
export class HeldSegment implements StoredSegment {
  readonly #body: SegmentBody;
  readonly #holder: Holder;
  #isReleased = false;

  constructor(body: SegmentBody, holder: Holder) {
    this.#body = body;
    this.#holder = holder;
  }

  get keys(): SegmentKeys {
    return this.#body.keys;
  }

  get sizeBytes(): number {
    return this.#body.sizeBytes;
  }

  get blocks(): BlockSet {
    return this.#body.blocks;
  }

  get version(): number {
    return this.#body.version;
  }

  get blockHashList(): Uint8Array | undefined {
    return this.#body.blockHashList;
  }

  putBlockHashList(blockHashList: Uint8Array): Promise<void> {
    return this.#during((body) => body.putBlockHashList(blockHashList));
  }

  put(blocks: readonly BlockToStore[]): Promise<void> {
    return this.#during((body) => body.put(blocks));
  }

  readSealed(run: Parameters<StoredSegment['readSealed']>[0]): Promise<SealedRun | undefined> {
    return this.#during((body) => body.readSealed(run));
  }

  read(blockIndex: number): Promise<VerifiedBlock | undefined> {
    return this.#during((body) => body.read(blockIndex));
  }

  [Symbol.dispose](): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#holder.release();
  }

  async #during<T>(work: (body: SegmentBody) => Promise<T>): Promise<T> {
    // Its file may be another segment's by now.
    if (this.#isReleased) throw new TypeError('a segment was used after it was let go of');
    return this.#holder.during(() => work(this.#body));
  }
}
