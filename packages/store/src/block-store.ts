import type { EventEmitter } from 'node:events';
import type { BlockSet, SegmentEntry, SegmentKeys, VerifiedBlock } from '@peer-cache/core';

/**
 * This agent's own blocks. Everything that goes in was verified and everything that comes out for
 * use here is verified again; what is damaged on the disk is forgotten, never given out as sound.
 */
export interface BlockStore extends AsyncDisposable {
  readonly events: EventEmitter<StoreEvents>;
  readonly limits: StoreLimits;

  /**
   * The place of a segment, made if it is not there yet. While the handle is not disposed the
   * segment is not evicted.
   */
  open(segment: SegmentDescription): StoredSegment;

  /**
   * The segment that goes by this ID on the LAN, if any block or its block hash list is here and
   * its origin still lets it be served. To be disposed like an opened one; cheap enough to be done
   * for each request.
   */
  find(segmentId: Uint8Array): StoredSegment | undefined;

  /**
   * What an asker must prove to know about the segment: undefined when the segment isn't here, or
   * is past the time for which its origin let it be served. Never touches the disk, so that its
   * time tells nothing.
   */
  proofKeyOf(segmentId: Uint8Array): Uint8Array | undefined;

  /**
   * Keeps a segment that is here, or held open for what is to come, from being evicted, or no longer;
   * over restarts once anything of it is here.
   */
  setPinned(segmentId: Uint8Array, isPinned: boolean): void;

  usage(): StoreUsage;

  /** Every segment of which anything is here, served or not, in no particular order. */
  segments(): SegmentFacts[];

  /**
   * Reads every block of a segment that is here and verifies it; the damaged ones are forgotten.
   * Keeps the segment from being evicted meanwhile, and is no use of it. Undefined when the segment
   * isn't here.
   *
   * @throws the signal's reason once that is aborted
   */
  check(
    segmentId: Uint8Array,
    options: { readonly signal: AbortSignal },
  ): Promise<SegmentCheck | undefined>;

  /**
   * Removes every segment that nobody holds open and that is not pinned.
   *
   * @throws {StoreUnwritableError} when files can't be deleted
   */
  clear(): Promise<void>;

  /** The same for those that were not used for the store's age limit. Done at each opening too. */
  evictAged(): Promise<void>;
}

export interface StoreLimits {
  /** Most bytes on disk, or in memory for the in-memory store. */
  readonly limitBytes: number;
}

export interface StoreUsage {
  readonly segments: number;
  readonly usedBytes: number;
}

/** What the store knows of a segment without reading it. */
export interface SegmentFacts {
  readonly segmentId: Uint8Array;
  readonly sizeBytes: number;
  /** What is here of it, its block hash list included. */
  readonly storedBytes: number;
  /** Milliseconds since 1970 by the clock that segments age by. */
  readonly lastUsedMs: number;
  readonly isPinned: boolean;
  /** Milliseconds since 1970. */
  readonly serveUntilMs: number;
}

export interface SegmentCheck {
  readonly checkedBlocks: number;
  readonly damagedBlocks: number;
}

export interface SegmentDescription {
  readonly entry: SegmentEntry;
  readonly sizeBytes: number;
  /** Milliseconds since 1970. Opening a segment again with a later time extends it. */
  readonly serveUntilMs: number;
}

/** One segment in the store, held open. Disposing lets go of it; its blocks stay. */
export interface StoredSegment extends Disposable {
  readonly keys: SegmentKeys;
  readonly sizeBytes: number;
  /** Which blocks are here. Live: it changes as blocks come and go; not to be written to. */
  readonly blocks: BlockSet;
  /** Grows with each change of `blocks` and `blockHashList`; at least 1. */
  readonly version: number;
  readonly blockHashList: Uint8Array | undefined;

  /**
   * @throws {BlockHashListMismatchError} when it is not the segment's list
   * @throws {StoreFullError} when the quota has no room even after eviction
   */
  putBlockHashList(blockHashList: Uint8Array): Promise<void>;

  /**
   * Stores verified blocks; resolves when reads will find them, and until then needs their bytes
   * unchanged. The block hash list must be here first: without it nothing could be verified on its
   * way out. Blocks that are here already are passed over. `sealed` is the block as it came from a
   * peer, where it did: it was opened with this segment's key, so sealing it again would give the
   * same bytes.
   *
   * @throws {StoreFullError} when the disk or the quota has no room even after eviction
   * @throws {StoreUnwritableError} when the folder can't be written to
   */
  put(blocks: readonly BlockToStore[]): Promise<void>;

  /**
   * Adjacent sealed blocks as a peer wants them, from `firstBlock` on: as many as are here without
   * a gap and fit, up to `count`; undefined when the first isn't. Written to `into` from `at` on,
   * where given. A block whose file was changed from outside is checked first, and forgotten when
   * damaged; with `isSuspect` all are checked.
   */
  readSealed(run: {
    readonly firstBlock: number;
    readonly count: number;
    readonly isSuspect?: boolean;
    readonly into?: Buffer;
    readonly at?: number;
  }): Promise<SealedRun | undefined>;

  /** A block for use on this machine, opened and verified; undefined when not here or damaged. */
  read(blockIndex: number): Promise<VerifiedBlock | undefined>;
}

export interface BlockToStore {
  readonly block: VerifiedBlock;
  readonly sealed?: Uint8Array | undefined;
}

export interface SealedRun {
  readonly count: number;
  readonly bytes: Buffer;
}

/** Facts for observers; the store is right with no listener. */
export interface StoreEvents {
  /** Blocks or the block hash list of a segment came or went; once for blocks that came together. */
  'segment-changed': [{ readonly segmentId: Uint8Array }];
  /** A segment went as a whole; nobody held it. */
  'segment-evicted': [{ readonly segmentId: Uint8Array; readonly sizeBytes: number }];
  'block-damaged': [{ readonly segmentId: Uint8Array; readonly blockIndex: number }];
}
