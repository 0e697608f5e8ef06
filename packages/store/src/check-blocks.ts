import type { SegmentCheck } from './block-store.ts';
import type { SegmentBody } from './held-segment.ts';

/** Reads and verifies every block of a segment that is here. Reading forgets the damaged ones. */
export async function checkBlocks(
  segment: SegmentBody,
  signal: AbortSignal,
): Promise<SegmentCheck> {
  // Listed first: where the whole file is gone, the first read forgets all blocks at once.
  const here = Array.from({ length: segment.blocks.blockCount }, (_, index) => index).filter(
    (index) => segment.blocks.has(index),
  );
  let damagedBlocks = 0;
  for (const index of here) {
    signal.throwIfAborted();
    if ((await segment.read(index)) === undefined) damagedBlocks++;
  }
  return { checkedBlocks: here.length, damagedBlocks };
}
