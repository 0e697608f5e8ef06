import { BLOCKS_PER_SEGMENT } from '@peer-cache/core';
import { BLOCKS_PER_RUN } from '@peer-cache/protocol';

/** A run: 1 MiB of adjacent blocks, aligned. What is owned, claimed and fetched from the origin. */
export const RUN_BLOCKS: number = BLOCKS_PER_RUN;
export const RUNS_PER_SEGMENT: number = BLOCKS_PER_SEGMENT / RUN_BLOCKS;

/** A run of which there are blocks that nobody known has. */
export interface OpenRun {
  /** Within the content: segment index x {@link RUNS_PER_SEGMENT} + run within the segment. */
  readonly number: number;
  /** On the ring. */
  readonly place: number;
  /** Blocks of it that nobody known has. */
  readonly leftBlocks: number;
}
