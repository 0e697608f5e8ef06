import { PeerCacheError, SECOND_MS, messageOf } from '@peer-cache/core';
import type { Ownership } from '@peer-cache/ownership';
import type { BlockSource, ContentSegment } from './block-source.ts';
import type { ContentOrigin } from './origin/content-origin.ts';
import { OriginLane } from './origin/origin-lane.ts';
import type { LaneOptions } from './origin/origin-lane.ts';
import { Origins } from './origin/origins.ts';
import type { OriginWay } from './origin/origins.ts';
import type { Member } from './peers/member.ts';
import type { Progress } from './progress.ts';
import type { SegmentsInHand } from './segments-in-hand.ts';
import { storeSource } from './store-source.ts';
import { comingSupplier, originSupplier, peerSupplier, storeSupplier } from './supplier.ts';
import type { Supplier } from './supplier.ts';

/** A line that is cut comes back, and peers may go on meanwhile. */
const PATIENCE_MS = 30 * SECOND_MS;
/** There are others: one that fails a few times is left out. */
const MIRROR_LANE = { mostFailures: 2 };

export interface SuppliersParts {
  readonly segments: SegmentsInHand;
  readonly contentId: string;
  readonly origin: ContentOrigin;
  readonly ownership: Ownership;
  readonly progress: Progress;
}

interface MemberSuppliers {
  readonly held: Supplier;
  readonly coming: Supplier;
}

/** Whoever can give blocks of one content, and which blocks are for whom to give. */
export class Suppliers {
  readonly store: Supplier;
  readonly origins: Origins;
  readonly #segments: SegmentsInHand;
  readonly #contentId: string;
  readonly #ownership: Ownership;
  readonly #peers = new Map<Member, MemberSuppliers>();

  constructor(parts: SuppliersParts, { mostFailures }: Pick<LaneOptions, 'mostFailures'>) {
    const { segments, contentId, ownership, origin } = parts;
    this.#segments = segments;
    this.#contentId = contentId;
    this.#ownership = ownership;
    const blockHashListOf = this.#blockHashListOf;
    const source = storeSource((segmentIndex) => segments.get(segmentIndex)?.stored);
    this.store = storeSupplier(source, { giving: { blocksOf: this.storedOf }, blockHashListOf });
    const patienceMs = mostFailures === undefined ? PATIENCE_MS : 0;
    const own = this.#wayOf(origin.blocks, { mostFailures, patienceMs });
    const mirrors = origin.mirrors?.map((mirror) => {
      return this.#wayOf(mirror, MIRROR_LANE, (error) =>
        warnOfMirror(parts.progress, mirror, error),
      );
    });
    this.origins = new Origins(own, mirrors ?? []);
  }

  peer(member: Member): Supplier {
    return this.#of(member).held;
  }

  /** What a peer is fetching, as it arrives there. */
  coming(member: Member): Supplier {
    return this.#of(member).coming;
  }

  #of(member: Member): MemberSuppliers {
    const known = this.#peers.get(member);
    if (known !== undefined) return known;
    const parts = {
      contentId: this.#contentId,
      giving: { blocksOf: (index: number) => this.#blocksOf(member, index) },
      ownership: this.#ownership,
      blockHashListOf: this.#blockHashListOf,
    };
    const made = { held: peerSupplier(member, parts), coming: comingSupplier(member, parts) };
    this.#peers.set(member, made);
    return made;
  }

  /**
   * A bitmap of the blocks of a segment that come from the store, whoever else has them. What came
   * during the transfer never has to be read back: a segment that had none before has none.
   */
  readonly storedOf = (segmentIndex: number): Uint8Array | undefined => {
    const inHand = this.#segments.get(segmentIndex);
    return inHand?.hadBlocks === true ? inHand.stored?.blocks.bits : undefined;
  };

  #wayOf(source: BlockSource, options: LaneOptions, onOut?: (error: Error) => void): OriginWay {
    const lane = new OriginLane(() => performance.now(), options);
    const blockHashListOf = this.#blockHashListOf;
    return { lane, supplier: originSupplier(source, { lane, blockHashListOf, onOut }) };
  }

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

function warnOfMirror(progress: Progress, { name }: BlockSource, error: Error): void {
  const code = error instanceof PeerCacheError ? error.code : 'ORIGIN_FAILED';
  progress.warned(code, `the mirror ${name} is left out: ${messageOf(error)}`);
}
