import { blockCount, blockHashListBytes, SEGMENT_BYTES } from '@peer-cache/core';
import { sealedRunBytes } from './sealed-layout.ts';

/** The file of a segment of the largest size when all of it is here. */
export const WHOLE_FILE_BYTES: number = sealedRunBytes(SEGMENT_BYTES, 0, blockCount(SEGMENT_BYTES));

interface SizedSegment {
  readonly sizeBytes: number;
  readonly storedBytes: number;
}

/** Whether a segment's file can be handed on: all its pages are there to be written over. */
export function hasWholeFile({ storedBytes }: SizedSegment): boolean {
  return storedBytes === WHOLE_FILE_BYTES + blockHashListBytes(SEGMENT_BYTES);
}

/** Whether a segment can take over a whole file: it will need all of it, and has no file yet. */
export function canTakeFile({ sizeBytes, storedBytes }: SizedSegment): boolean {
  return sizeBytes === SEGMENT_BYTES && storedBytes === blockHashListBytes(SEGMENT_BYTES);
}
