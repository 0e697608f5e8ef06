import { createHash } from 'node:crypto';
import {
  blockHashAt,
  blockRange,
  ContentHasher,
  describeContent,
  segmentKeysOf,
  serverSecretFrom,
  verifyBlock,
} from '@peer-cache/core';
import type { SegmentEntry, SegmentKeys, VerifiedBlock } from '@peer-cache/core';

/** A content of one segment, with all that its holder knows about it. */
export interface TestSegment {
  readonly bytes: Buffer;
  readonly sizeBytes: number;
  readonly entry: SegmentEntry;
  readonly keys: SegmentKeys;
  readonly blockHashList: Uint8Array;
  block(blockIndex: number): VerifiedBlock;
}

const serverSecret = serverSecretFrom(Buffer.alloc(32, 7));

/** The same name and size always give the same content. */
export function makeSegment(name: string, sizeBytes: number): TestSegment {
  const bytes = createHash('shake256', { outputLength: sizeBytes }).update(name).digest();
  const hasher = new ContentHasher();
  hasher.update(bytes);
  const hashed = hasher.finish();
  const { segments } = describeContent(hashed, { serverSecret, etag: '"1"' });
  const [entry] = segments;
  const [blockHashList] = hashed.blockHashLists;
  if (entry === undefined || blockHashList === undefined) throw new RangeError('too small');
  return {
    bytes,
    sizeBytes,
    entry,
    keys: segmentKeysOf(entry),
    blockHashList,
    block(blockIndex) {
      const { startByte, endByte } = blockRange(sizeBytes, 0, blockIndex);
      const blockHash = blockHashAt(blockHashList, blockIndex);
      return verifyBlock(blockIndex, bytes.subarray(startByte, endByte), blockHash);
    },
  };
}
