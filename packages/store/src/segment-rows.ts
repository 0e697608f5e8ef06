import {
  blockCount,
  blockHashListBytes,
  BlockHashListMismatchError,
  BlockSet,
  DIGEST_BYTES,
  digestsEqual,
  SEGMENT_BYTES,
  SEGMENT_ID_BYTES,
  segmentKeysOf,
  verifyBlockHashList,
} from '@peer-cache/core';
import { FileSegment } from './file-segment.ts';
import { sealedRunBytes } from './sealed-layout.ts';
import type { SegmentHome } from './segment-home.ts';
import type { IndexDetails, IndexRow, IndexSummary } from './segment-index.ts';
import { keyOf } from './segment-table.ts';
import type { TableEntry } from './segment-table.ts';
import { firstVersion } from './table-store.ts';

type FileEntry = TableEntry<FileSegment>;

/** What the table keeps of a row; undefined for a row that can't be right. */
export function entryOfRow(row: IndexSummary, nowMs: number): FileEntry | undefined {
  const { segmentId, proofKey, sizeBytes } = row;
  const isRight =
    segmentId.length === SEGMENT_ID_BYTES &&
    proofKey.length === DIGEST_BYTES &&
    sizeBytes >= 1 &&
    sizeBytes <= SEGMENT_BYTES;
  if (!isRight) return undefined;
  return {
    key: keyOf(segmentId),
    // From a pooled buffer: a buffer of its own for each of 100,000 keys would take thrice the room.
    proofKey: Buffer.from(proofKey),
    sizeBytes,
    serveUntilMs: row.serveUntilMs,
    lastUsedMs: row.lastUsedMs,
    storedBytes: Math.min(Math.max(row.storedBytes, 1), mostStoredBytes(sizeBytes)),
    isPinned: row.isPinned !== 0,
    version: firstVersion(nowMs),
    holders: 0,
    segment: undefined,
  };
}

/** The segment as the index knows it; undefined where that can't be right. */
export function segmentOfRow(
  home: SegmentHome,
  { segmentHash, segmentSecret, blocks, blockHashList }: IndexDetails,
): FileSegment | undefined {
  if (blockHashList === null) return undefined;
  const { entry } = home;
  const segmentEntry = { segmentHash, segmentSecret };
  const keys = segmentKeysOf(segmentEntry);
  const isOurs = keyOf(keys.segmentId) === entry.key && digestsEqual(keys.proofKey, entry.proofKey);
  if (!isOurs || !isList(blockHashList, segmentHash, entry.sizeBytes)) return undefined;
  const blockSet = BlockSet.fromBytes(blockCount(entry.sizeBytes), blocks);
  return new FileSegment(home, { segmentEntry, keys, blocks: blockSet, blockHashList });
}

/** The row that brings a segment back in the next run. */
export function rowOf(entry: FileEntry, segment: FileSegment): IndexRow {
  const { keys, segmentEntry, blocks, blockHashList } = segment;
  return {
    segmentId: keys.segmentId,
    proofKey: keys.proofKey,
    segmentHash: segmentEntry.segmentHash,
    segmentSecret: segmentEntry.segmentSecret,
    sizeBytes: entry.sizeBytes,
    blocks: blocks.toBytes(),
    storedBytes: entry.storedBytes,
    serveUntilMs: entry.serveUntilMs,
    lastUsedMs: entry.lastUsedMs,
    isPinned: entry.isPinned ? 1 : 0,
    blockHashList,
  };
}

function mostStoredBytes(sizeBytes: number): number {
  return sealedRunBytes(sizeBytes, 0, blockCount(sizeBytes)) + blockHashListBytes(sizeBytes);
}

function isList(list: Uint8Array, segmentHash: Uint8Array, sizeBytes: number): boolean {
  try {
    verifyBlockHashList(list, { segmentHash, sizeBytes });
    return true;
  } catch (error) {
    if (error instanceof BlockHashListMismatchError) return false;
    throw error;
  }
}
