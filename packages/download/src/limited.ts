import { BLOCK_BYTES } from '@peer-cache/core';
import type { BlockSource, FetchedBlock, FetchRunOptions, SegmentRun } from './block-source.ts';

/** Leave to fetch bytes, which may have to be waited for. */
export interface FetchPace {
  /** Resolves with leave for at least `least` and at most `most` bytes. */
  take(
    wanted: { readonly least: number; readonly most: number },
    options: { readonly signal: AbortSignal },
  ): Promise<number>;
  /** Returns leave that was not used. */
  giveBack(bytes: number): void;
}

/**
 * A source that is asked only for blocks that there is leave for: of a run for as many at a time as
 * leave can be had for at once, at least one. Whoever watches is told while it waits for leave, since
 * that is not the source's fault.
 */
export function limited(source: BlockSource, pace: FetchPace | undefined): BlockSource {
  return pace === undefined ? source : paced(source, pace);
}

function paced(source: BlockSource, pace: FetchPace): BlockSource {
  return { name: source.name, kind: source.kind, fetch };

  async function* fetch(run: SegmentRun, options: FetchRunOptions): AsyncGenerator<FetchedBlock> {
    const endBlock = run.firstBlock + run.count;
    for (let firstBlock = run.firstBlock; firstBlock < endBlock;) {
      const count = await leaveFor(endBlock - firstBlock, options);
      const leave = { bytes: count * BLOCK_BYTES };
      try {
        const part = { segment: run.segment, firstBlock, count };
        for await (const block of source.fetch(part, options)) {
          leave.bytes -= Math.min(leave.bytes, block.bytes.length);
          yield block;
        }
      } finally {
        pace.giveBack(leave.bytes);
      }
      firstBlock += count;
    }
  }

  /** How many of so many blocks there is leave for, when there is for one. */
  async function leaveFor(
    blocks: number,
    { signal, onHeldBack }: FetchRunOptions,
  ): Promise<number> {
    onHeldBack?.(true);
    const wanted = { least: BLOCK_BYTES, most: blocks * BLOCK_BYTES };
    const bytes = await pace.take(wanted, { signal });
    onHeldBack?.(false);
    const count = Math.floor(bytes / BLOCK_BYTES);
    pace.giveBack(bytes - count * BLOCK_BYTES);
    return count;
  }
}
