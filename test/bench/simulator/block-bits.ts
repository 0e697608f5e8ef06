import { RUN_BLOCKS } from '@peer-cache/ownership';

/** All blocks of a run, one bit each. */
export const WHOLE_RUN: number = 2 ** RUN_BLOCKS - 1;

const COUNTS = Uint8Array.from({ length: 2 ** RUN_BLOCKS }, (_, bits) => {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
});

/** How many blocks there are in a part of a run. */
export function countBlocks(bits: number): number {
  return COUNTS[bits] ?? 0;
}

/** The first block of a part of a run. */
export function firstBlock(bits: number): number {
  return bits & -bits;
}

/** The first so many blocks of a part of a run. */
export function firstBlocks(bits: number, most: number): number {
  let left = bits;
  for (let count = 0; count < most; count++) left &= left - 1;
  return bits & ~left;
}

/** Blocks by run. */
export type RunBits = Uint16Array<ArrayBuffer>;

/** What there is of a run. */
export function bitsOf(runs: RunBits, runNumber: number): number {
  return runs[runNumber] ?? 0;
}
