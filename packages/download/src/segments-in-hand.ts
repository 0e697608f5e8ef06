import { SECOND_MS } from '@peer-cache/core';
import type { BlockStore, StoredSegment } from '@peer-cache/store';
import type { ContentSegment } from './block-source.ts';
import type { Content } from './content.ts';

/** Enough that the tail of one segment doesn't idle those who have the next. */
const SEGMENTS_IN_HAND = 3;

/** A segment that is being brought here. */
export interface SegmentInHand {
  readonly segment: ContentSegment;
  readonly stored: StoredSegment;
  /** Whether the store had some of it before. */
  readonly hadBlocks: boolean;
  blockHashList: Uint8Array | undefined;
}

/** The few segments of a content that are worked on at a time, held open in the store. */
export class SegmentsInHand implements Disposable {
  readonly #store: BlockStore;
  readonly #content: Content;
  readonly #inHand = new Map<number, SegmentInHand>();
  #next = 0;

  constructor(store: BlockStore, content: Content) {
    this.#store = store;
    this.#content = content;
  }

  /** The first segment that is not done with. */
  get first(): number {
    return Math.min(this.#next, ...this.#inHand.keys());
  }

  get isEmpty(): boolean {
    return this.#inHand.size === 0;
  }

  get(segmentIndex: number): SegmentInHand | undefined {
    return this.#inHand.get(segmentIndex);
  }

  /** Takes the next segments up; gives those that are new. */
  takeUp(): SegmentInHand[] {
    const taken: SegmentInHand[] = [];
    const { serveForSeconds } = this.#content.information;
    while (this.#next < this.#content.segmentCount && this.#inHand.size < SEGMENTS_IN_HAND) {
      const segment = this.#content.segment(this.#next++);
      const { entry, sizeBytes, index } = segment;
      const serveUntilMs = Date.now() + serveForSeconds * SECOND_MS;
      const stored = this.#store.open({ entry, sizeBytes, serveUntilMs });
      const { blockHashList } = stored;
      const inHand = { segment, stored, hadBlocks: stored.blocks.size > 0, blockHashList };
      this.#inHand.set(index, inHand);
      taken.push(inHand);
    }
    return taken;
  }

  /** Puts a segment down; who calls disposes of its place in the store. */
  putDown(segmentIndex: number): StoredSegment | undefined {
    const inHand = this.#inHand.get(segmentIndex);
    this.#inHand.delete(segmentIndex);
    return inHand?.stored;
  }

  [Symbol.dispose](): void {
    for (const { stored } of this.#inHand.values()) stored[Symbol.dispose]();
    this.#inHand.clear();
  }
}
