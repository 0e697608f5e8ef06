import type { Ownership } from '@peer-cache/ownership';
import type { BlockSource, ContentSegment } from './block-source.ts';
import type { OriginLane } from './origin/origin-lane.ts';
import type { Member } from './peers/member.ts';
import type { SegmentsInHand } from './segments-in-hand.ts';
import { storeSource } from './store-source.ts';
import { originSupplier, peerSupplier, storeSupplier } from './supplier.ts';
import type { Supplier } from './supplier.ts';

/** Whoever can give blocks of one content, and which blocks are for whom to give. */
export class Suppliers {
  readonly store: Supplier;
  readonly origin: Supplier;
  readonly #segments: SegmentsInHand;
  readonly #contentId: string;
  readonly #ownership: Ownership;
  readonly #peers = new Map<Member, Supplier>();

  constructor({
    segments,
    contentId,
    origin,
    lane,
    ownership,
  }: {
    readonly segments: SegmentsInHand;
    readonly contentId: string;
    readonly origin: BlockSource;
    readonly lane: OriginLane;
    readonly ownership: Ownership;
  }) {
    this.#segments = segments;
    this.#contentId = contentId;
    this.#ownership = ownership;
    const blockHashListOf = this.#blockHashListOf;
    const source = storeSource((segmentIndex) => segments.get(segmentIndex)?.stored);
    this.store = storeSupplier(source, { giving: { blocksOf: this.storedOf }, blockHashListOf });
    this.origin = originSupplier(origin, { lane, blockHashListOf });
  }

  peer(member: Member): Supplier {
    let supplier = this.#peers.get(member);
    if (supplier === undefined) {
      supplier = peerSupplier(member, {
        contentId: this.#contentId,
        giving: { blocksOf: (segmentIndex) => this.#blocksOf(member, segmentIndex) },
        ownership: this.#ownership,
        blockHashListOf: this.#blockHashListOf,
      });
      this.#peers.set(member, supplier);
    }
    return supplier;
  }

  /**
   * A bitmap of the blocks of a segment that come from the store, whoever else has them. What came
   * during the transfer never has to be read back: a segment that had none before has none.
   */
  readonly storedOf = (segmentIndex: number): Uint8Array | undefined => {
    const inHand = this.#segments.get(segmentIndex);
    return inHand?.hadBlocks === true ? inHand.stored?.blocks.bits : undefined;
  };

  readonly #blockHashListOf = (segment: ContentSegment): Uint8Array => {
    return this.#segments.get(segment.index)?.blockHashList ?? new Uint8Array();
  };

  #blocksOf(member: Member, segmentIndex: number): Uint8Array | undefined {
    const offered = member.blocksOf(segmentIndex);
    const stored = this.storedOf(segmentIndex);
    if (offered === undefined || stored === undefined) return offered;
    return offered.map((byte, at) => byte & ~(stored[at] ?? 0));
  }
}
