import { SECOND_MS } from '@peer-cache/core';
import type { BlockStore, StoredSegment } from '@peer-cache/store';
import type { ContentSegment } from './block-source.ts';
import type { Content } from './content.ts';

/** Enough that the tail of one segment doesn't idle those who have the next. */
const SEGMENTS_IN_HAND = 3;

/** A segment that is being brought here. */
export interface SegmentInHand {
  readonly segment: ContentSegment;
  /** Its place in the store; undefined where it has none and is to get none. */
  readonly stored: StoredSegment | undefined;
  /** Whether the store had some of it before. */
  readonly hadBlocks: boolean;
  blockHashList: Uint8Array | undefined;
}

/** The few segments of a content that are worked on at a time, held open in the store. */
export class SegmentsInHand implements Disposable {
  readonly #store: BlockStore;
  readonly #content: Content;
  readonly #isShared: boolean;
  readonly #inHand = new Map<number, SegmentInHand>();
  #next = 0;

  /** Not shared: what is in the store is used, and nothing is put there. */
  constructor(store: BlockStore, content: Content, { isShared }: { readonly isShared: boolean }) {
    this.#store = store;
    this.#content = content;
    this.#isShared = isShared;
  }

  /** The first segment that is not done with. */
  get first(): number {
    return Math.min(this.#next, ...this.#inHand.keys());
  }

  /** Whether nothing is in hand, and nothing is left to take up. */
  get isDone(): boolean {
    return this.#inHand.size === 0 && this.#upNext() === undefined;
  }

  get(segmentIndex: number): SegmentInHand | undefined {
    return this.#inHand.get(segmentIndex);
  }

  /** Takes the next segments up; gives those that are new. */
  takeUp(): SegmentInHand[] {
    const taken: SegmentInHand[] = [];
    let segment = this.#upNext();
    while (segment !== undefined && this.#inHand.size < SEGMENTS_IN_HAND) {
      const stored = this.#open(segment);
      const blockHashList = stored?.blockHashList;
      const hadBlocks = stored !== undefined && stored.blocks.size > 0;
      const inHand = { segment, stored, hadBlocks, blockHashList };
      this.#inHand.set(segment.index, inHand);
      taken.push(inHand);
      this.#next = segment.index + 1;
      segment = this.#upNext();
    }
    return taken;
  }

  /** Puts a segment down; who calls disposes of its place in the store, where it has one. */
  putDown(segmentIndex: number): StoredSegment | undefined {
    const inHand = this.#inHand.get(segmentIndex);
    this.#inHand.delete(segmentIndex);
    return inHand?.stored;
  }

  [Symbol.dispose](): void {
    for (const { stored } of this.#inHand.values()) stored?.[Symbol.dispose]();
    this.#inHand.clear();
  }

  #upNext(): ContentSegment | undefined {
    return this.#content.segments(this.#next, 1)[0];
  }

  #open({ entry, sizeBytes, keys }: ContentSegment): StoredSegment | undefined {
    if (!this.#isShared) return this.#store.find(keys.segmentId);
    const { serveForSeconds } = this.#content.information;
    const serveUntilMs = Date.now() + serveForSeconds * SECOND_MS;
    return this.#store.open({ entry, sizeBytes, serveUntilMs });
  }
}
