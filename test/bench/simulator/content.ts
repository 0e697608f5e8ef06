import { hash } from '@peer-cache/core';
import { placeOfRun, RUN_BLOCKS, RUNS_PER_SEGMENT } from '@peer-cache/ownership';
import type { OpenRun } from '@peer-cache/ownership';

/** A content of whole runs, and what is the same of it for all peers. */
export class SimulatedContent {
  readonly id: string;
  readonly runCount: number;
  readonly segmentCount: number;
  /** By run and by how many of its blocks nobody has. */
  readonly #openRuns: readonly (readonly OpenRun[])[];

  constructor(seed: number, runCount: number) {
    this.id = `content ${seed}`;
    this.runCount = runCount;
    this.segmentCount = Math.ceil(runCount / RUNS_PER_SEGMENT);
    const segmentIds = Array.from({ length: this.segmentCount }, (_, index) => {
      return hash(Buffer.from(`segment ${index} of ${this.id}`));
    });
    this.#openRuns = Array.from({ length: runCount }, (_run, number) => {
      const segmentId = segmentIds[segmentOf(number)] ?? new Uint8Array();
      const place = placeOfRun(segmentId, number % RUNS_PER_SEGMENT);
      return Array.from({ length: RUN_BLOCKS + 1 }, (_left, leftBlocks) => {
        return { number, place, blockCount: RUN_BLOCKS, leftBlocks };
      });
    });
  }

  openRun(number: number, leftBlocks: number): OpenRun {
    const run = this.#openRuns[number]?.[leftBlocks];
    if (run === undefined) throw new RangeError(`no run ${number} with ${leftBlocks} blocks left`);
    return run;
  }

  /** The first of a segment's runs, and the one after its last. */
  runsOf(segmentIndex: number): readonly [start: number, end: number] {
    const start = segmentIndex * RUNS_PER_SEGMENT;
    return [start, Math.min(start + RUNS_PER_SEGMENT, this.runCount)];
  }
}

export function segmentOf(runNumber: number): number {
  return Math.floor(runNumber / RUNS_PER_SEGMENT);
}
