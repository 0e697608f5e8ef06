import { BlockSet } from '@peer-cache/core';

/** Adjacent blocks of a segment, by number: what one source is asked for at a time. */
export interface WorkRun {
  readonly segmentIndex: number;
  readonly firstBlock: number;
  readonly count: number;
}

/** Whether a source may be asked for a block. */
export type CanGive = (segmentIndex: number, blockIndex: number) => boolean;

/** What a source can give; `mayHave` spares the search of whole segments. */
export interface Giving {
  readonly mayHave: (segmentIndex: number) => boolean;
  readonly canGive: CanGive;
}

interface SegmentWork {
  readonly done: BlockSet;
  readonly taken: BlockSet;
  firstOpen: number;
}

/** Which blocks of the segments at hand are here, on their way, or still to be asked for. Pure. */
export class Work {
  readonly #segments = new Map<number, SegmentWork>();

  /** Takes a segment in hand: all of its blocks are wanted but those that are `done`. */
  add(segmentIndex: number, blockCount: number, done: BlockSet = new BlockSet(blockCount)): void {
    const taken = new BlockSet(blockCount);
    this.#segments.set(segmentIndex, { done, taken, firstOpen: 0 });
  }

  /** Forgets a segment that is done. */
  remove(segmentIndex: number): void {
    this.#segments.delete(segmentIndex);
  }

  isDone(segmentIndex: number): boolean {
    return this.#segments.get(segmentIndex)?.done.isFull ?? true;
  }

  hasBlock(segmentIndex: number, blockIndex: number): boolean {
    return this.#segments.get(segmentIndex)?.done.has(blockIndex) ?? true;
  }

  /** The first run of up to `most` open blocks that the source can give, marked as on its way. */
  take({ mayHave, canGive }: Giving, most: number): WorkRun | undefined {
    for (const [segmentIndex, work] of this.#segments) {
      if (!mayHave(segmentIndex)) continue;
      const isOpen = (blockIndex: number): boolean =>
        !work.done.has(blockIndex) &&
        !work.taken.has(blockIndex) &&
        canGive(segmentIndex, blockIndex);
      const firstBlock = firstOpenBlock(work, isOpen);
      if (firstBlock === undefined) continue;
      let count = 0;
      while (
        count < most &&
        firstBlock + count < work.done.blockCount &&
        isOpen(firstBlock + count)
      ) {
        work.taken.add(firstBlock + count);
        count++;
      }
      return { segmentIndex, firstBlock, count };
    }
    return undefined;
  }

  /** Gives back the end of a run that was just taken: no more than `most` blocks are on their way. */
  shorten(run: WorkRun, most: number): WorkRun {
    const { segmentIndex, firstBlock, count } = run;
    if (most >= count) return run;
    this.release({ segmentIndex, firstBlock: firstBlock + most, count: count - most });
    return { segmentIndex, firstBlock, count: most };
  }

  /** A block has arrived; false if it was here already. */
  finish(segmentIndex: number, blockIndex: number): boolean {
    return this.#segments.get(segmentIndex)?.done.add(blockIndex) ?? false;
  }

  /** A run is no longer on its way: what has not arrived is open again. */
  release({ segmentIndex, firstBlock, count }: WorkRun): void {
    const work = this.#segments.get(segmentIndex);
    if (work === undefined) return;
    for (let index = firstBlock; index < firstBlock + count; index++) work.taken.delete(index);
    work.firstOpen = Math.min(work.firstOpen, firstBlock);
  }
}

/** Skips for good what is done, so that a large segment isn't searched from its start each time. */
function firstOpenBlock(
  work: SegmentWork,
  isOpen: (blockIndex: number) => boolean,
): number | undefined {
  const { done } = work;
  while (work.firstOpen < done.blockCount && done.has(work.firstOpen)) work.firstOpen++;
  for (let index = work.firstOpen; index < done.blockCount; index++) {
    if (isOpen(index)) return index;
  }
  return undefined;
}
