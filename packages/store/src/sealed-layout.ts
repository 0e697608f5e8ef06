import {
  blockBytes,
  blockHashAt,
  openSealed,
  PeerCacheError,
  SEAL_BYTES,
  sealBlock,
  SEALED_BLOCK_BYTES,
  VerifiedBlock,
  verifyBlock,
} from '@peer-cache/core';
import type { SegmentKeys } from '@peer-cache/core';
import type { BlockToStore } from './block-store.ts';

/** A sealed block on its way to its place. */
export interface PlacedBlock {
  readonly blockIndex: number;
  readonly sealed: Uint8Array;
  /** Sealed here: nobody else has a use for `sealed` once it is written. */
  readonly isOurs: boolean;
}

/** What is needed to seal and to check a block of a segment. */
export interface KeyedSegment {
  readonly keys: SegmentKeys;
  readonly sizeBytes: number;
  readonly blockHashList: Uint8Array | undefined;
}

/** Where a sealed block lies, from the first block of a segment file or a run. */
export function sealedOffset(blockIndex: number): number {
  return blockIndex * SEALED_BLOCK_BYTES;
}

/** How many bytes adjacent sealed blocks have; only the last of a segment may be shorter. */
export function sealedRunBytes(bytesOfSegment: number, firstBlock: number, count: number): number {
  if (count === 0) return 0;
  const last = count - 1;
  return sealedOffset(last) + blockBytes(bytesOfSegment, firstBlock + last) + SEAL_BYTES;
}

/** How many of `count` adjacent sealed blocks fit into a buffer from `at` on. */
export function fittingCount(
  bytesOfSegment: number,
  { firstBlock, count }: { readonly firstBlock: number; readonly count: number },
  roomBytes: number,
): number {
  let fitting = count;
  while (fitting > 0 && sealedRunBytes(bytesOfSegment, firstBlock, fitting) > roomBytes) fitting--;
  return fitting;
}

/**
 * A block as it is stored.
 *
 * @throws {TypeError} for one that was not verified, or for a segment without block hash list
 * @throws {RangeError} for one that can't be of this segment
 */
export function toPlaced(segment: KeyedSegment, { block, sealed }: BlockToStore): PlacedBlock {
  const { blockIndex, bytes } = block;
  if (!VerifiedBlock.isVerified(block)) throw new TypeError('only verified blocks can be stored');
  if (segment.blockHashList === undefined) {
    throw new TypeError('the block hash list must be stored before blocks');
  }
  const rightBytes = blockIndex < 0 ? 0 : blockBytes(segment.sizeBytes, blockIndex);
  const sealedBytes = sealed?.length ?? rightBytes + SEAL_BYTES;
  if (bytes.length !== rightBytes || sealedBytes !== rightBytes + SEAL_BYTES) {
    throw new RangeError(`block ${blockIndex} of ${bytes.length} bytes is none of the segment`);
  }
  const isOurs = sealed === undefined;
  return { blockIndex, sealed: sealed ?? sealBlock(segment.keys, block), isOurs };
}

/** The block that stored bytes are, opened and verified; undefined when they are damaged. */
export function openStored(
  { keys, blockHashList }: KeyedSegment,
  blockIndex: number,
  sealed: Uint8Array,
): VerifiedBlock | undefined {
  if (blockHashList === undefined) return undefined;
  try {
    const bytes = openSealed(keys, blockIndex, sealed);
    return verifyBlock(blockIndex, bytes, blockHashAt(blockHashList, blockIndex));
  } catch (error) {
    if (error instanceof PeerCacheError) return undefined;
    throw error;
  }
}
