import { blockHashAt, VerifiedBlock, verifyBlock } from '@peer-cache/core';
import type { BlockToStore } from '@peer-cache/store';
import type { BlockSource, ContentSegment, SegmentRun, SourceKind } from './block-source.ts';

/** A source whose blocks were compared with their block hashes. */
export interface VerifiedSource {
  readonly name: string;
  readonly kind: SourceKind;
  fetch(run: SegmentRun, options: { signal: AbortSignal }): AsyncIterable<BlockToStore>;
}

/**
 * The one gate between a source and everything that keeps blocks: no unverified byte leaves it.
 * `fetch` throws BlockMismatchError at the first block that is not what the list says.
 */
export function verified(
  source: BlockSource,
  blockHashListOf: (segment: ContentSegment) => Uint8Array,
): VerifiedSource {
  return { name: source.name, kind: source.kind, fetch };

  async function* fetch(
    run: SegmentRun,
    options: { signal: AbortSignal },
  ): AsyncGenerator<BlockToStore> {
    const blockHashList = blockHashListOf(run.segment);
    for await (const fetched of source.fetch(run, options)) {
      const { blockIndex, bytes, sealed } = fetched;
      // Own blocks come verified from the store; hashing them once more would prove nothing new.
      const block =
        fetched instanceof VerifiedBlock
          ? fetched
          : verifyBlock(blockIndex, bytes, blockHashAt(blockHashList, blockIndex));
      yield { block, sealed };
    }
  }
}
