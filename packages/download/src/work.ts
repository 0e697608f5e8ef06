import { bitCount, BlockSet } from '@peer-cache/core';

/** Adjacent blocks of a segment, by number: what one source is asked for at a time. */
export interface WorkRun {
  readonly segmentIndex: number;
  readonly firstBlock: number;
  readonly count: number;
}

/** What a source can give. */
export interface Giving {
  /** A bitmap, as {@link BlockSet.bits}; undefined for a segment of which it has nothing. */
  readonly blocksOf: (segmentIndex: number) => Uint8Array | undefined;
}

export interface TakeLimits {
  /** Blocks. */
  readonly most: number;
  /** Blocks of a segment from this one on are not wanted yet. All are, if not given. */
  readonly endBlockOf?: (segmentIndex: number) => number;
  /**
   * Where in a segment to begin to look: who fetches the same at the same time begins elsewhere,
   * so that they have something for each other. 0.
   */
  readonly startBlock?: number;
}

interface SegmentWork {
  readonly done: BlockSet;
  readonly taken: BlockSet;
}

/** Which blocks of the segments at hand are here, on their way, or still to be asked for. Pure. */
export class Work {
  readonly #segments = new Map<number, SegmentWork>();

  /** Takes a segment in hand: all of its blocks are wanted but those that are `done`. */
  add(segmentIndex: number, blockCount: number, done: BlockSet = new BlockSet(blockCount)): void {
    this.#segments.set(segmentIndex, { done, taken: new BlockSet(blockCount) });
  }

  /** Forgets a segment that is done. */
  remove(segmentIndex: number): void {
    this.#segments.delete(segmentIndex);
  }

  /** The segments at hand, in order of their being taken up. */
  segments(): Iterable<number> {
    return this.#segments.keys();
  }

  isDone(segmentIndex: number): boolean {
    return this.#segments.get(segmentIndex)?.done.isFull ?? true;
  }

  hasBlock(segmentIndex: number, blockIndex: number): boolean {
    return this.#segments.get(segmentIndex)?.done.has(blockIndex) ?? true;
  }

  /** The first run of up to `most` open blocks that the source can give, marked as on its way. */
  take({ blocksOf }: Giving, limits: TakeLimits): WorkRun | undefined {
    for (const [segmentIndex, work] of this.#segments) {
      const given = blocksOf(segmentIndex);
      if (given === undefined) continue;
      const { startBlock = 0, endBlockOf, most } = limits;
      const endBlock = Math.min(work.done.blockCount, endBlockOf?.(segmentIndex) ?? Infinity);
      const begin = startBlock < endBlock ? startBlock : 0;
      const range = { given, endBlock, most };
      const run = takeFrom(work, begin, range) ?? takeFrom(work, 0, { ...range, endBlock: begin });
      if (run !== undefined) return { segmentIndex, ...run };
    }
    return undefined;
  }

  /**
   * How many blocks of a run are open and not among those that `others` (bitmaps) have; blocks on
   * their way here count as open with `withTaken`.
   */
  leftOf(
    { segmentIndex, firstBlock, count }: WorkRun,
    others: readonly (Uint8Array | undefined)[],
    { withTaken }: { readonly withTaken: boolean },
  ): number {
    const work = this.#segments.get(segmentIndex);
    if (work === undefined) return 0;
    const { done, taken } = work;
    const endBlock = Math.min(firstBlock + count, done.blockCount);
    let left = 0;
    for (let byte = firstBlock >> 3; byte << 3 < endBlock; byte++) {
      let closed = (done.bits[byte] ?? 0) | (withTaken ? 0 : (taken.bits[byte] ?? 0));
      for (const bits of others) closed |= bits?.[byte] ?? 0;
      left += bitCount(~closed & maskOf(byte, firstBlock, endBlock));
    }
    return left;
  }

  /** The blocks of a run that are not here. */
  missingOf({ segmentIndex, firstBlock, count }: WorkRun): number[] {
    const blocks = Array.from({ length: count }, (_, index) => firstBlock + index);
    return blocks.filter((blockIndex) => !this.hasBlock(segmentIndex, blockIndex));
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
  }
}

/** Eight blocks at a time, since this is looked for at every block that comes. */
function takeFrom(
  { done, taken }: SegmentWork,
  startBlock: number,
  { given, endBlock, most }: { given: Uint8Array; endBlock: number; most: number },
): { firstBlock: number; count: number } | undefined {
  const openIn = (byte: number): number =>
    (given[byte] ?? 0) & ~((done.bits[byte] ?? 0) | (taken.bits[byte] ?? 0));
  for (let byte = startBlock >> 3; byte << 3 < endBlock; byte++) {
    const open = openIn(byte) & maskOf(byte, startBlock, endBlock);
    if (open === 0) continue;
    const firstBlock = (byte << 3) + (31 - Math.clz32(open & -open));
    let count = 0;
    while (count < most && firstBlock + count < endBlock) {
      const block = firstBlock + count;
      if (((openIn(block >> 3) >> (block & 7)) & 1) === 0) break;
      taken.add(block);
      count++;
    }
    return { firstBlock, count };
  }
  return undefined;
}

/** The bits of a byte of a bitmap that stand for blocks within a range. */
function maskOf(byte: number, startBlock: number, endBlock: number): number {
  const first = Math.max(0, startBlock - (byte << 3));
  const end = Math.min(8, endBlock - (byte << 3));
  return first >= end ? 0 : ((1 << end) - 1) & ~((1 << first) - 1);
}
