import { allBlockHashListsBytes, describeContent, encodeRoot, hash } from '@peer-cache/core';
import type { HashedContent } from '@peer-cache/core';
import type { HashedFile, KeptLists } from './kept-hashes.ts';
import type { Terms } from './terms.ts';

/** Content information ready to be sent. It holds read keys: it is treated like the content. */
export interface DescribedContent {
  /** ETag of the content that it describes. */
  readonly contentEtag: string;
  /** ETag of the content information itself: of the root, which commits to all the rest. */
  readonly etag: string;
  /** With its header. */
  readonly root: Uint8Array;
  /** The block hash lists one after the other: here, or on disk. */
  readonly lists: Uint8Array | KeptLists;
  /** Root and lists. */
  readonly sizeBytes: number;
}

const ETAG_BYTES = 16;

/** Content information of a hashed file, whose block hash lists stay in memory or lie in `kept`. */
export function describeHashed(
  file: HashedFile,
  content: HashedContent,
  options: { readonly terms: Terms; readonly kept?: KeptLists | undefined },
): DescribedContent {
  const information = describeContent(content, { ...options.terms, etag: file.etag });
  const root = encodeRoot(information);
  const digest = hash(root).subarray(0, ETAG_BYTES);
  const { sizeBytes, segments } = information;
  return {
    contentEtag: file.etag,
    etag: `"${Buffer.from(digest).toString('hex')}"`,
    root,
    lists: options.kept ?? Buffer.concat(content.blockHashLists),
    sizeBytes: root.length + allBlockHashListsBytes(sizeBytes, segments.length),
  };
}
