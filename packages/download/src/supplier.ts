import { BlockMismatchError, SECOND_MS } from '@peer-cache/core';
import type { Ownership } from '@peer-cache/ownership';
import { MOST_WAIT_MS } from '@peer-cache/protocol';
import type { BlockSource, ContentSegment } from './block-source.ts';
import { limited } from './limited.ts';
import type { OriginLane } from './origin/origin-lane.ts';
import type { Member } from './peers/member.ts';
import { peerSource } from './peers/peer-source.ts';
import { verified } from './verified.ts';
import type { VerifiedSource } from './verified.ts';
import type { Giving } from './work.ts';

const RUNS_PER_PEER = 2;
/**
 * Of what is held by one that brought nothing yet: should it lie, that is all that it gets. What it
 * claims is awaited all the same, else it would seem to be on its way to nobody.
 */
const FIRST_RUNS = 1;
const RUNS_FROM_STORE = 2;
/** After another took over its run, so that it does not take it back at once. */
const PAUSE_MS = 1 * SECOND_MS;
/** After it took far too long for what it holds; twice as long each time. */
const SET_ASIDE_MS = 30 * SECOND_MS;

/** For each block: longer than a claim is honoured that brings nothing. */
const COMING_MS = MOST_WAIT_MS;
const NOTHING: Giving = { blocksOf: () => undefined };
const ALWAYS_THERE = {
  isComing: false,
  isAway: () => false,
  relieved: () => undefined,
  crawled: () => undefined,
  kept: () => undefined,
};

/** A source and what the transfer has to know to use it: what it can give and how much at a time. */
export interface Supplier {
  /** What it can give now. */
  readonly giving: Giving;
  /** Its blocks come as they arrive there: whoever waits for them does not wait for it. */
  readonly isComing: boolean;
  /** It does not answer any more: what it was to bring does not come. */
  readonly isAway: () => boolean;
  readonly source: VerifiedSource;
  readonly mostRuns: () => number;
  /** A block of its came, of so many bytes. */
  readonly delivered: (bytes: number) => void;
  /** A flight ended: with an error, or without these blocks although it could give them. */
  readonly fellShort: (shortfall: Shortfall) => void;
  /** Its run was taken over by a faster one. */
  readonly relieved: () => void;
  /** It takes so long for what it holds that the origin would be faster. */
  readonly crawled: () => void;
  /** It gave all of a run, and in good time. */
  readonly kept: () => void;
}

export interface Shortfall {
  readonly error: unknown;
  readonly segmentIndex: number;
  readonly missingBlocks: readonly number[];
}

type BlockHashListOf = (segment: ContentSegment) => Uint8Array;

export interface PeerParts {
  readonly contentId: string;
  readonly giving: Giving;
  readonly ownership: Ownership;
  readonly blockHashListOf: BlockHashListOf;
}

/** The store: at once, whatever else happens. A block that turns out damaged leaves it by itself. */
export function storeSupplier(
  source: BlockSource,
  parts: { readonly giving: Giving; readonly blockHashListOf: BlockHashListOf },
): Supplier {
  return {
    source: verified(source, parts.blockHashListOf),
    mostRuns: () => RUNS_FROM_STORE,
    giving: parts.giving,
    ...ALWAYS_THERE,
    delivered: () => undefined,
    fellShort: () => undefined,
  };
}

/** A peer: what its last state says it has. Faster ones are free again sooner and so give more. */
export function peerSupplier(member: Member, parts: PeerParts): Supplier {
  const { conduct } = member.peer;
  let notBeforeMs = 0;
  let crawls = 0;
  const isTried = (): boolean => member.hasDelivered && !member.isCrawling;
  const mostRuns = (): number => (isTried() ? RUNS_PER_PEER : FIRST_RUNS);
  return {
    source: verified(limited(peerSource(member.peer), member.peer.pace), parts.blockHashListOf),
    mostRuns: () => (performance.now() < notBeforeMs ? 0 : mostRuns()),
    giving: parts.giving,
    isComing: false,
    isAway: () => isAway(member),
    delivered(bytes) {
      member.hasDelivered = true;
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
    crawled() {
      notBeforeMs = performance.now() + SET_ASIDE_MS * 2 ** crawls;
      crawls++;
      member.isCrawling = true;
    },
    kept: () => (member.isCrawling = false),
  };
}

/**
 * What a peer fetches from the origin, as it arrives there. It may turn out not to come, for which
 * the peer is not to blame; for a lie it is.
 */
export function comingSupplier(member: Member, parts: PeerParts): Supplier {
  const peer = peerSupplier(member, parts);
  const source = limited(peerSource(member.peer, { waitMs: COMING_MS }), member.peer.pace);
  return {
    ...peer,
    source: verified(source, parts.blockHashListOf),
    giving: NOTHING,
    isComing: true,
    fellShort(shortfall) {
      if (shortfall.error instanceof BlockMismatchError) peer.fellShort(shortfall);
    },
    relieved: () => undefined,
    kept: () => undefined,
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
    giving: NOTHING,
    ...ALWAYS_THERE,
    delivered: () => lane.delivered(),
    fellShort({ error }) {
      const wasOut = lane.failure !== undefined;
      lane.failed(error);
      if (!wasOut && lane.failure !== undefined) onOut?.(lane.failure);
    },
  };
}

/** It answered once, and is lost. */
function isAway({ hasAnswered, neighbour }: Member): boolean {
  return hasAnswered && neighbour === undefined;
}
