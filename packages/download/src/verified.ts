import { blockHashAt, verifyBlock } from '@peer-cache/core';
import type { BlockToStore } from '@peer-cache/store';
import type {
  BlockSource,
  ContentSegment,
  FetchedBlock,
  FetchRunOptions,
  SegmentRun,
  SourceKind,
} from './block-source.ts';

/** A source whose blocks were compared with their block hashes. */
export interface VerifiedSource {
  readonly name: string;
  readonly kind: SourceKind;
  fetch(run: SegmentRun, options: FetchRunOptions): AsyncIterable<VerifiedItem>;
}

/** A verified block, as it came and with the way to give its memory back. */
export type VerifiedItem = BlockToStore & Pick<FetchedBlock, 'release'>;

/**
 * The one gate between a source and everything that keeps blocks: no unverified byte leaves it.
 * `fetch` throws BlockMismatchError at the first block that is not what the list says.
 */
export function verified(
  source: BlockSource,
  blockHashListOf: (segment: ContentSegment) => Uint8Array,
): VerifiedSource {
  return { name: source.name, kind: source.kind, fetch };

  async function* fetch(run: SegmentRun, options: FetchRunOptions): AsyncGenerator<VerifiedItem> {
    const blockHashList = blockHashListOf(run.segment);
    for await (const { blockIndex, bytes, sealed, release } of source.fetch(run, options)) {
      const block = verifyBlock(blockIndex, bytes, blockHashAt(blockHashList, blockIndex));
      yield { block, sealed, release };
    }
  }
}
