import type { Digest } from '@peer-cache/core';

/** Which version of a content is being fetched: bytes of different versions are never mixed. */
export type ContentVersion =
  | { readonly kind: 'described'; readonly digest: Digest; readonly sizeBytes: number }
  | {
      readonly kind: 'plain';
      /** Without user info. */
      readonly url: string;
      /** Absent where nothing ties a second request to the first. */
      readonly validator: string | undefined;
      readonly sizeBytes: number | undefined;
    };

/**
 * Blocks that earlier attempts at the same version left where this one writes to. Blocks are
 * counted from the content's start: block n begins at n * BLOCK_BYTES.
 */
export interface KeptBlocks {
  /** `sound` needs no second look; `unchecked` must be compared with its block hash first. */
  stateOf(block: number): 'absent' | 'unchecked' | 'sound';
  /** The bytes of an `unchecked` block; undefined when they can't be read. */
  read(block: number): Promise<Uint8Array | undefined>;
  /** A block was compared with its block hash. What was not sound is fetched again. */
  checked(block: number, isSound: boolean): void;
}

/** Nothing is left of earlier attempts. */
export const NOTHING_KEPT: KeptBlocks = {
  stateOf: () => 'absent',
  read: () => Promise.resolve(undefined),
  checked: () => undefined,
};
