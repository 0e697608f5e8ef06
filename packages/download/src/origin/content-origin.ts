import type { FetchBlockHashList } from '../block-hash-lists.ts';
import type { BlockSource } from '../block-source.ts';

/** What the origin gives of one described content. */
export interface ContentOrigin {
  readonly blocks: BlockSource;
  /** Others that have the content's bytes. */
  readonly mirrors?: readonly BlockSource[];
  readonly blockHashList: FetchBlockHashList;
}
