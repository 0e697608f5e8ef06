import { BLOCKS_PER_SEGMENT } from '@peer-cache/core';
import { BLOCKS_PER_RUN } from '@peer-cache/protocol';

/** A run: 1 MiB of adjacent blocks, aligned. What is owned, claimed and fetched from the origin. */
export const RUN_BLOCKS: number = BLOCKS_PER_RUN;
export const RUNS_PER_SEGMENT: number = BLOCKS_PER_SEGMENT / RUN_BLOCKS;

/** Only the first of the missing runs may be fetched, so that groups which meet late still share. */
export const WINDOW_RUNS = 32;

/** A run of which there are blocks that nobody known has. */
export interface OpenRun {
  /** Within the content: segment index x {@link RUNS_PER_SEGMENT} + run within the segment. */
  readonly number: number;
  /** On the ring. */
  readonly place: number;
  /** Blocks that it has; the last one of a segment may have fewer than the others. */
  readonly blockCount: number;
  /** Blocks of it that nobody known has. */
  readonly leftBlocks: number;
}

export function segmentOf(runNumber: number): number {
  return Math.floor(runNumber / RUNS_PER_SEGMENT);
}
