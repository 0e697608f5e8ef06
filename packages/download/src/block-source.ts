import type { SegmentEntry, SegmentKeys } from '@peer-cache/core';

/**
 * The narrow waist: whatever can produce blocks. Store, peer and origin are all one, and retrying,
 * verifying, limiting and metering are functions from one to another.
 */
export interface BlockSource {
  readonly name: string;
  readonly kind: SourceKind;

  /**
   * Yields blocks of the run as they arrive, each at most once, in any order. A source that lacks
   * some of them just ends early. Throws when the source failed; blocks yielded before are good
   * for what the source's kind is good for (only `verified` makes them certain).
   */
  fetch(run: SegmentRun, options: FetchRunOptions): AsyncIterable<FetchedBlock>;
}

export interface FetchRunOptions {
  readonly signal: AbortSignal;
  /** Told of bytes as they come, long before they are a block. Not every source does. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Told when a limit keeps it from being asked, and when that is over. */
  readonly onHeldBack?: ((isHeldBack: boolean) => void) | undefined;
}

export type SourceKind = 'store' | 'peer' | 'origin';

/** One segment of a content as its content information describes it, with the computed keys. */
export interface ContentSegment {
  readonly index: number;
  readonly sizeBytes: number;
  readonly entry: SegmentEntry;
  readonly keys: SegmentKeys;
}

/** Adjacent blocks of a segment. */
export interface SegmentRun {
  readonly segment: ContentSegment;
  readonly firstBlock: number;
  readonly count: number;
}

/** A block as a source gave it. */
export interface FetchedBlock {
  readonly blockIndex: number;
  readonly bytes: Uint8Array;
  /** As it came, where it came sealed with the segment's key. */
  readonly sealed?: Uint8Array | undefined;
  /** Gives the memory of `sealed` back to where it came from; optional, for the last owner only. */
  readonly release?: (() => void) | undefined;
}
