import type { ContentVersion, KeptBlocks } from './kept-blocks.ts';

/** Where the bytes of one download go, in any order. */
export interface ContentSink {
  /** Nothing at or past this byte should be asked for yet; Infinity where order doesn't matter. */
  readonly horizonByte: number;
  /** Whether bytes are still in use after their write has resolved. */
  readonly keepsBytes: boolean;

  /**
   * Called when it is known what comes, before any write, with all earlier writes settled; called
   * again when that has changed at the origin. Bytes of another version than this one are
   * forgotten, and so is everything where `version` is plain without a validator: nothing says that
   * two answers are of the same version. Gives what may be kept; of a plain content only blocks that
   * are `sound`, by whatever the sink itself knows them.
   */
  begin(version: ContentVersion): Promise<KeptBlocks>;

  /** Keeps the bytes, one whole block at a time; resolves when there is room for more. */
  write(startByte: number, bytes: Uint8Array): Promise<void>;
}
