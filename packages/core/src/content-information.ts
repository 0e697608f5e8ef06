import { BlockHashListMismatchError } from './errors.ts';
import { DIGEST_BYTES, digestsEqual } from './hash.ts';
import type { Digest } from './hash.ts';
import { blockCount, segmentBytes } from './layout.ts';
import { segmentHashOf } from './segment-keys.ts';
import type { SegmentEntry } from './segment-keys.ts';

/**
 * What an origin gives to whom it authorises to read a content: the root. The block hash lists
 * that belong to it are items of their own, from peers or the origin. It holds read keys: it is
 * kept, logged and passed on like the content itself.
 */
export interface ContentInformation {
  readonly sizeBytes: number;
  /** BLAKE3 of the whole content: what `b3sum FILE` prints. */
  readonly digest: Digest;
  /** The content's own strong ETag at the origin, with its quotes. */
  readonly etag: string;
  /** How long a peer may serve it without the origin's renewed word. */
  readonly serveForSeconds: number;
  /** Made with the public server secret: its IDs can be computed by anybody who has the file. */
  readonly isPublic: boolean;
  /** In order of their place in the content; none where `inline` is set. */
  readonly segments: readonly SegmentEntry[];
  /** The content itself, where it has at most INLINE_BYTES. */
  readonly inline: Uint8Array | undefined;
}

/** BranchCache keeps a segment for 28 days; so do we, without the origin's renewed word. */
export const DEFAULT_SERVE_FOR_SECONDS: number = 28 * 24 * 60 * 60;

/** Block hash `blockIndex` of a block hash list. */
export function blockHashAt(blockHashList: Uint8Array, blockIndex: number): Digest {
  return blockHashList.subarray(blockIndex * DIGEST_BYTES, (blockIndex + 1) * DIGEST_BYTES);
}

/** How many bytes the block hash list of a segment has. */
export function blockHashListBytes(bytesOfSegment: number): number {
  return blockCount(bytesOfSegment) * DIGEST_BYTES;
}

/** How many bytes all block hash lists of a content have. */
export function allBlockHashListsBytes(contentBytes: number, segments: number): number {
  let bytes = 0;
  for (let index = 0; index < segments; index++) {
    bytes += blockHashListBytes(segmentBytes(contentBytes, index));
  }
  return bytes;
}

/**
 * Compares a block hash list with the segment hash that content information names.
 *
 * @throws {BlockHashListMismatchError} when it is not that segment's list.
 */
export function verifyBlockHashList(
  blockHashList: Uint8Array,
  segment: { readonly segmentHash: Digest; readonly sizeBytes: number; readonly index?: number },
): void {
  const isRight =
    blockHashList.length === blockHashListBytes(segment.sizeBytes) &&
    digestsEqual(segmentHashOf(segment.sizeBytes, blockHashList), segment.segmentHash);
  if (!isRight) throw new BlockHashListMismatchError(segment.index ?? 0);
}
