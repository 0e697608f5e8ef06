import type { ByteRange } from './ranges.ts';
import { KIB, MIB } from './units.ts';

/** Every block but a content's last, as in version 1 of [MS-PCCRC] 2.3.1.1. */
export const BLOCK_BYTES: number = 64 * KIB;
/** Every segment but a content's last, as in version 1 of [MS-PCCRC] 2.3.1.1. */
export const SEGMENT_BYTES: number = 32 * MIB;
export const BLOCKS_PER_SEGMENT: number = SEGMENT_BYTES / BLOCK_BYTES;
/** Contents up to this size travel inside the content information and are not shared. */
export const INLINE_BYTES: number = 1 * KIB;
/** 2^53 - 1: every offset within a content is an exact JavaScript number. */
export const MOST_CONTENT_BYTES: number = Number.MAX_SAFE_INTEGER;

/** How many segments a content of this many bytes has; none if it travels inline. */
export function segmentCount(contentBytes: number): number {
  return contentBytes <= INLINE_BYTES ? 0 : Math.ceil(contentBytes / SEGMENT_BYTES);
}

/** How many bytes segment `segmentIndex` of a content has. */
export function segmentBytes(contentBytes: number, segmentIndex: number): number {
  return Math.min(SEGMENT_BYTES, contentBytes - segmentIndex * SEGMENT_BYTES);
}

/** How many blocks a segment of this many bytes has. */
export function blockCount(bytesOfSegment: number): number {
  return Math.ceil(bytesOfSegment / BLOCK_BYTES);
}

/** How many bytes block `blockIndex` of a segment has. */
export function blockBytes(bytesOfSegment: number, blockIndex: number): number {
  return Math.min(BLOCK_BYTES, bytesOfSegment - blockIndex * BLOCK_BYTES);
}

/** Where a block of a segment lies within the content. */
export function blockRange(
  contentBytes: number,
  segmentIndex: number,
  blockIndex: number,
): ByteRange {
  const startByte = segmentIndex * SEGMENT_BYTES + blockIndex * BLOCK_BYTES;
  return { startByte, endByte: Math.min(contentBytes, startByte + BLOCK_BYTES) };
}
