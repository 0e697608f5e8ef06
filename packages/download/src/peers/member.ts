import { BlockSet, blockCount } from '@peer-cache/core';
import type { Neighbour } from '@peer-cache/ownership';
import type { SegmentState } from '@peer-cache/protocol';
import type { ContentSegment } from '../block-source.ts';
import type { Peer } from './peer-pool.ts';

interface Offer {
  readonly blocks: BlockSet;
  readonly hasBlockHashList: boolean;
}

/** What one peer offers of a content. */
export class Member {
  readonly peer: Peer;
  /** By segment index. */
  readonly offers: Map<number, Offer> = new Map();
  readonly metAtMs: number;
  hasAnswered = false;
  /** A block of this content came from it, and was right. */
  hasDelivered = false;
  /** It takes far too long for what it holds: that counts as not on offer, as long as it does. */
  isCrawling = false;
  /** What it fetches itself; undefined before it said who it is, and while it is away. */
  neighbour: Neighbour | undefined;

  constructor(peer: Peer, nowMs: number) {
    this.peer = peer;
    this.metAtMs = nowMs;
  }

  /**
   * Whether what it holds counts as on offer. It may be too busy to be asked just now: were that
   * nobody's then, all who wait for it would fetch it. Only of one that has brought something.
   */
  isHolder(contentId: string): boolean {
    const { conduct } = this.peer;
    return conduct.mayAsk(contentId) || (this.hasDelivered && conduct.isWorthWaitingFor(contentId));
  }

  hasBlock(segmentIndex: number, blockIndex: number): boolean {
    return this.offers.get(segmentIndex)?.blocks.has(blockIndex) ?? false;
  }

  /** A bitmap of the blocks that it offers; undefined for a segment of which it said nothing. */
  blocksOf(segmentIndex: number): Uint8Array | undefined {
    return this.offers.get(segmentIndex)?.blocks.bits;
  }

  learn({ index, sizeBytes }: ContentSegment, { blocks, hasBlockHashList }: SegmentState): void {
    const set = BlockSet.fromBytes(blockCount(sizeBytes), blocks);
    this.offers.set(index, { blocks: set, hasBlockHashList });
  }

  /** It said it had a block and did not give it: not believed again before it says so anew. */
  strike(segmentIndex: number, blockIndex: number): void {
    this.offers.get(segmentIndex)?.blocks.delete(blockIndex);
  }
}
