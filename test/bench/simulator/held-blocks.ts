import type { OpenRun } from '@peer-cache/ownership';
import { bitsOf, countBlocks, WHOLE_RUN } from './block-bits.ts';
import type { RunBits } from './block-bits.ts';
import type { SimulatedContent } from './content.ts';

/** What one peer has, knows others to have, and has asked for. */
export class HeldBlocks {
  readonly have: RunBits;
  /** Of its neighbours and itself. */
  readonly #known: RunBits;
  readonly #asked: RunBits;
  readonly #content: SimulatedContent;
  #firstOpen = 0;
  #wholeRuns = 0;

  constructor(content: SimulatedContent) {
    this.#content = content;
    this.have = new Uint16Array(content.runCount);
    this.#known = new Uint16Array(content.runCount);
    this.#asked = new Uint16Array(content.runCount);
  }

  get isWhole(): boolean {
    return this.#wholeRuns === this.#content.runCount;
  }

  hasSegment(segmentIndex: number): boolean {
    const [start, end] = this.#content.runsOf(segmentIndex);
    return this.have.subarray(start, end).every((bits) => bits === WHOLE_RUN);
  }

  /** Blocks came; gives those that were not here yet. */
  take(runNumber: number, bits: number): number {
    const before = bitsOf(this.have, runNumber);
    const fresh = bits & ~before;
    this.have[runNumber] = before | bits;
    this.#known[runNumber] = bitsOf(this.#known, runNumber) | bits;
    this.#asked[runNumber] = bitsOf(this.#asked, runNumber) & ~bits;
    if (fresh !== 0 && (before | bits) === WHOLE_RUN) this.#wholeRuns++;
    return fresh;
  }

  /** A neighbour has blocks; true if that makes the run one of which nobody lacks anything. */
  hear(runNumber: number, bits: number): boolean {
    const before = bitsOf(this.#known, runNumber);
    const after = before | bits;
    this.#known[runNumber] = after;
    return before !== WHOLE_RUN && after === WHOLE_RUN;
  }

  ask(runNumber: number, bits: number): void {
    this.#asked[runNumber] = bitsOf(this.#asked, runNumber) | bits;
  }

  /** They won't come. */
  unask(runNumber: number, bits: number): void {
    this.#asked[runNumber] = bitsOf(this.#asked, runNumber) & ~bits;
  }

  /** Those that are neither here nor asked for. */
  wanted(runNumber: number, bits: number): number {
    return bits & ~bitsOf(this.have, runNumber) & ~bitsOf(this.#asked, runNumber);
  }

  /** Blocks that nobody known has. */
  left(runNumber: number): number {
    return WHOLE_RUN & ~bitsOf(this.#known, runNumber);
  }

  openRun(runNumber: number): OpenRun {
    return this.#content.openRun(runNumber, countBlocks(this.left(runNumber)));
  }

  /** The first runs of which there are blocks that nobody known has. */
  openRuns(most: number): OpenRun[] {
    const { runCount } = this.#content;
    while (this.#firstOpen < runCount && this.left(this.#firstOpen) === 0) this.#firstOpen++;
    const runs: OpenRun[] = [];
    for (let number = this.#firstOpen; number < runCount && runs.length < most; number++) {
      if (this.left(number) !== 0) runs.push(this.openRun(number));
    }
    return runs;
  }

  /** What is known is what is here, and what these have. */
  knowOnly(others: Iterable<RunBits>): void {
    this.#known.set(this.have);
    for (const other of others) {
      for (const [runNumber, bits] of other.entries()) {
        if (bits !== 0) this.#known[runNumber] = bitsOf(this.#known, runNumber) | bits;
      }
    }
    this.#firstOpen = 0;
  }
}
