import { blake3, ContentHasher } from '@peer-cache/core';
import type { Digest, DigestStream, HashedContent } from '@peer-cache/core';
import { readPieces } from './read-ahead.ts';

/** One of the two passes over a large file; each has a thread of its own. */
export interface HashTask {
  readonly pass: 'blocks' | 'whole';
  /** Open in this process until the answer has come. */
  readonly fd: number;
  readonly sizeBytes: number;
}

export interface HashAnswers {
  /** Block hashes; its digest is empty. */
  readonly blocks: HashedContent;
  readonly whole: Digest;
}

/** Stands where ContentHasher takes the digest of the whole, which another thread takes. */
const TAKEN_ELSEWHERE: DigestStream = { update() {}, digest: () => new Uint8Array() };

/** Reads an open file once and takes both block hashes and digest. */
export async function hashBoth(
  fd: number,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<HashedContent> {
  signal?.throwIfAborted();
  const hasher = new ContentHasher();
  for await (const piece of readPieces(fd, sizeBytes)) {
    signal?.throwIfAborted();
    hasher.update(piece);
  }
  return hasher.finish();
}

/** Takes the block hashes only; the digest of the result is empty. */
export async function hashBlocks(fd: number, sizeBytes: number): Promise<HashedContent> {
  const hasher = new ContentHasher(TAKEN_ELSEWHERE);
  for await (const piece of readPieces(fd, sizeBytes)) hasher.update(piece);
  return hasher.finish();
}

/** Takes the digest of the whole only. */
export async function hashWhole(fd: number, sizeBytes: number): Promise<Digest> {
  const stream = blake3.createStream();
  for await (const piece of readPieces(fd, sizeBytes)) stream.update(piece);
  return stream.digest();
}
