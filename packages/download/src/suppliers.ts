import type { BlockSource, ContentSegment } from './block-source.ts';
import type { OriginLane } from './origin/origin-lane.ts';
import type { SegmentsInHand } from './segments-in-hand.ts';
import { storeSource } from './store-source.ts';
import { originSupplier, peerSupplier, storeSupplier } from './supplier.ts';
import type { Supplier } from './supplier.ts';
import type { Member } from './peers/swarm.ts';
import type { CanGive, Giving } from './work.ts';

/** Whoever can give blocks of one content, and which blocks are for whom to give. */
export class Suppliers {
  readonly store: Supplier;
  readonly origin: Supplier;
  readonly #segments: SegmentsInHand;
  readonly #contentId: string;
  readonly #peers = new Map<Member, Supplier>();
  #members: readonly Member[] = [];

  constructor({
    segments,
    contentId,
    origin,
    lane,
  }: {
    readonly segments: SegmentsInHand;
    readonly contentId: string;
    readonly origin: BlockSource;
    readonly lane: OriginLane;
  }) {
    this.#segments = segments;
    this.#contentId = contentId;
    const blockHashListOf = this.#blockHashListOf;
    const source = storeSource((segmentIndex) => segments.get(segmentIndex)?.stored);
    const fromStore = { mayHave: this.#wasStored, canGive: this.#isStored };
    this.store = storeSupplier(source, { giving: fromStore, blockHashListOf });
    const giving = { mayHave: this.#isOpenToOrigin, canGive: this.#isForOrigin };
    this.origin = originSupplier(origin, { lane, giving, blockHashListOf });
  }

  /** The peers that may be asked now are these. */
  meet(members: readonly Member[]): void {
    this.#members = members;
  }

  peer(member: Member): Supplier {
    let supplier = this.#peers.get(member);
    if (supplier === undefined) {
      const parts = { contentId: this.#contentId, blockHashListOf: this.#blockHashListOf };
      supplier = peerSupplier(member, parts);
      this.#peers.set(member, supplier);
    }
    return supplier;
  }

  /** What is for this supplier to give: what is in the store comes from there, whoever else is free. */
  giving(supplier: Supplier): Giving {
    const isLeft = supplier === this.store ? this.#isStored : this.#isNotStored;
    return {
      mayHave: supplier.mayHave,
      canGive: (segmentIndex, blockIndex) =>
        isLeft(segmentIndex, blockIndex) && supplier.canGive(segmentIndex, blockIndex),
    };
  }

  readonly #blockHashListOf = (segment: ContentSegment): Uint8Array => {
    return this.#segments.get(segment.index)?.blockHashList ?? new Uint8Array();
  };

  readonly #isStored: CanGive = (segmentIndex, blockIndex) => {
    return this.#segments.get(segmentIndex)?.stored?.blocks.has(blockIndex) ?? false;
  };

  /** What comes during the transfer never has to be read back. */
  readonly #wasStored = (segmentIndex: number): boolean => {
    return this.#segments.get(segmentIndex)?.hadBlocks ?? false;
  };

  readonly #isNotStored: CanGive = (segmentIndex, blockIndex) => {
    return !this.#isStored(segmentIndex, blockIndex);
  };

  readonly #isOpenToOrigin = (segmentIndex: number): boolean => {
    return !this.#members.some(({ offers }) => offers.get(segmentIndex)?.blocks.isFull);
  };

  /** The WAN is the last resort: only what no peer offers. */
  readonly #isForOrigin: CanGive = (segmentIndex, blockIndex) => {
    return !this.#members.some((member) => member.hasBlock(segmentIndex, blockIndex));
  };
}
