import { hash } from '@peer-cache/core';
import { placeOfRun } from '../../src/ring.ts';
import { RUN_BLOCKS, RUNS_PER_SEGMENT, segmentOf } from '../../src/runs.ts';
import type { OpenRun } from '../../src/runs.ts';

/** A run of which nobody has so many blocks. */
export function openRun(number: number, leftBlocks: number = RUN_BLOCKS): OpenRun {
  const segmentId = hash(Buffer.from(`segment ${segmentOf(number)}`));
  const place = placeOfRun(segmentId, number % RUNS_PER_SEGMENT);
  return { number, place, blockCount: RUN_BLOCKS, leftBlocks };
}

/** The first so many runs of a content of which nobody has anything. */
export function openRuns(count: number): OpenRun[] {
  return Array.from({ length: count }, (_, number) => openRun(number));
}
