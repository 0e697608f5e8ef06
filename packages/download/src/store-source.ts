import type { StoredSegment } from '@peer-cache/store';
import type { BlockSource, FetchedBlock, SegmentRun } from './block-source.ts';

/** Blocks that are on this machine already. */
export function storeSource(
  storedSegment: (segmentIndex: number) => StoredSegment | undefined,
): BlockSource {
  return { name: 'store', kind: 'store', fetch };

  async function* fetch(
    { segment, firstBlock, count }: SegmentRun,
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<FetchedBlock> {
    const stored = storedSegment(segment.index);
    if (stored === undefined) return;
    for (let blockIndex = firstBlock; blockIndex < firstBlock + count; blockIndex++) {
      signal.throwIfAborted();
      const block = await stored.read(blockIndex);
      if (block !== undefined) yield { blockIndex, bytes: block.bytes };
    }
  }
}
