import { SECOND_MS } from '@peer-cache/core';
import type { Ownership } from '@peer-cache/ownership';
import type { BlockSource, ContentSegment } from './block-source.ts';
import type { OriginLane } from './origin/origin-lane.ts';
import { peerSource } from './peers/peer-source.ts';
import type { Member } from './peers/member.ts';
import { verified } from './verified.ts';
import type { VerifiedSource } from './verified.ts';
import type { Giving } from './work.ts';

const RUNS_PER_PEER = 2;
const RUNS_FROM_STORE = 2;
/** After another took over its run, so that it does not take it back at once. */
const PAUSE_MS = 1 * SECOND_MS;

/** A source and what the transfer has to know to use it: what it can give and how much at a time. */
export interface Supplier {
  /** What it can give now. */
  readonly giving: Giving;
  readonly source: VerifiedSource;
  readonly mostRuns: () => number;
  /** A block of its came, of so many bytes. */
  readonly delivered: (bytes: number) => void;
  /** A flight ended: with an error, or without these blocks although it could give them. */
  readonly fellShort: (shortfall: Shortfall) => void;
  /** Its run was taken over by a faster one. */
  readonly relieved: () => void;
}

export interface Shortfall {
  readonly error: unknown;
  readonly segmentIndex: number;
  readonly missingBlocks: readonly number[];
}

type BlockHashListOf = (segment: ContentSegment) => Uint8Array;

/** The store: at once, whatever else happens. A block that turns out damaged leaves it by itself. */
export function storeSupplier(
  source: BlockSource,
  parts: { readonly giving: Giving; readonly blockHashListOf: BlockHashListOf },
): Supplier {
  return {
    source: verified(source, parts.blockHashListOf),
    mostRuns: () => RUNS_FROM_STORE,
    giving: parts.giving,
    delivered: () => undefined,
    fellShort: () => undefined,
    relieved: () => undefined,
  };
}

/** A peer: what its last state says it has. Faster ones are free again sooner and so give more. */
export function peerSupplier(
  member: Member,
  parts: {
    readonly contentId: string;
    readonly giving: Giving;
    readonly ownership: Ownership;
    readonly blockHashListOf: BlockHashListOf;
  },
): Supplier {
  const { conduct } = member.peer;
  let notBeforeMs = 0;
  return {
    source: verified(peerSource(member.peer), parts.blockHashListOf),
    mostRuns: () => (performance.now() < notBeforeMs ? 0 : RUNS_PER_PEER),
    giving: parts.giving,
    delivered(bytes) {
      member.peer.receivedBytes += bytes;
      conduct.delivered();
      if (member.neighbour !== undefined) parts.ownership.delivered(member.neighbour);
    },
    fellShort({ error, segmentIndex, missingBlocks }) {
      if (error !== undefined) return conduct.failed(error, parts.contentId);
      conduct.promiseBroken(parts.contentId);
      for (const blockIndex of missingBlocks) member.strike(segmentIndex, blockIndex);
    },
    relieved: () => (notBeforeMs = performance.now() + PAUSE_MS),
  };
}

/** The origin: has everything, and is asked only for this peer's share of it. */
export function originSupplier(
  source: BlockSource,
  parts: {
    readonly lane: OriginLane;
    readonly blockHashListOf: BlockHashListOf;
    /** Told once, when it is asked no more. */
    readonly onOut?: ((error: Error) => void) | undefined;
  },
): Supplier {
  const { lane, onOut } = parts;
  return {
    source: verified(source, parts.blockHashListOf),
    mostRuns: () => lane.mostRuns,
    giving: { blocksOf: () => undefined },
    delivered: () => lane.delivered(),
    fellShort({ error }) {
      const wasOut = lane.failure !== undefined;
      lane.failed(error);
      if (!wasOut && lane.failure !== undefined) onOut?.(lane.failure);
    },
    relieved: () => undefined,
  };
}
