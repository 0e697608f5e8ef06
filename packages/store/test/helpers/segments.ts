import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BLOCK_BYTES,
  blockBytes,
  blockCount,
  blockHashAt,
  hash,
  sealBlock,
  segmentHashOf,
  segmentKeysOf,
  segmentSecretOf,
  serverSecretFrom,
  verifyBlock,
} from '@peer-cache/core';
import type { SegmentEntry, SegmentKeys } from '@peer-cache/core';
import type { ExecutionContext } from 'ava';
import type { BlockStore, BlockToStore, StoredSegment } from '../../src/index.ts';

/** A segment made up for a test: its bytes, and all that belongs to them. */
export interface MadeSegment {
  readonly entry: SegmentEntry;
  readonly keys: SegmentKeys;
  readonly sizeBytes: number;
  readonly bytes: Buffer;
  readonly blockHashList: Uint8Array;
  readonly key: string;
}

export const FAR_FUTURE_MS = 1e14;
const SECRET = serverSecretFrom(Buffer.alloc(32, 7));

/** The same number and size always make the same segment. */
export function makeSegment(number: number, sizeBytes: number = 2 * BLOCK_BYTES): MadeSegment {
  const bytes = Buffer.alloc(sizeBytes, hash(Buffer.from(`block filler ${number}`)));
  const hashes = Array.from({ length: blockCount(sizeBytes) }, (_, index) => {
    // Blocks that differ, so that one in another's place is noticed.
    const start = index * BLOCK_BYTES;
    bytes.set([index >> 8, index].slice(0, sizeBytes - start), start);
    return hash(bytesOf(bytes, sizeBytes, index));
  });
  const blockHashList = Buffer.concat(hashes);
  const segmentHash = segmentHashOf(sizeBytes, blockHashList);
  const entry = { segmentHash, segmentSecret: segmentSecretOf(SECRET, segmentHash) };
  const keys = segmentKeysOf(entry);
  const key = Buffer.from(keys.segmentId).toString('hex');
  return { entry, keys, sizeBytes, bytes, blockHashList, key };
}

export function blockOf(made: MadeSegment, blockIndex: number): BlockToStore {
  const bytes = bytesOf(made.bytes, made.sizeBytes, blockIndex);
  return { block: verifyBlock(blockIndex, bytes, blockHashAt(made.blockHashList, blockIndex)) };
}

export function sealedBlockOf(made: MadeSegment, blockIndex: number): Buffer {
  return sealBlock(made.keys, blockOf(made, blockIndex).block);
}

export function allBlocksOf(made: MadeSegment): BlockToStore[] {
  return Array.from({ length: blockCount(made.sizeBytes) }, (_, index) => blockOf(made, index));
}

export function plainOf(made: MadeSegment, blockIndex: number): Buffer {
  return bytesOf(made.bytes, made.sizeBytes, blockIndex);
}

export function openMade(
  store: BlockStore,
  { entry, sizeBytes }: MadeSegment,
  serveUntilMs: number = FAR_FUTURE_MS,
): StoredSegment {
  return store.open({ entry, sizeBytes, serveUntilMs });
}

/** Stores the blocks (all, unless they are named) and lets go of the segment. */
export async function storeMade(
  store: BlockStore,
  made: MadeSegment,
  blocks: readonly BlockToStore[] = allBlocksOf(made),
): Promise<void> {
  using segment = openMade(store, made);
  await segment.putBlockHashList(made.blockHashList);
  await segment.put(blocks);
}

/** A folder that is gone after the test. */
export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'peer-cache-store-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A seed to be printed, so that a failing run can be had again. */
export function freshSeed(t: ExecutionContext): number {
  const seed = randomBytes(4).readInt32BE();
  t.log(`seed ${seed}`);
  return seed;
}

function bytesOf(bytes: Buffer, sizeBytes: number, blockIndex: number): Buffer {
  const start = blockIndex * BLOCK_BYTES;
  return bytes.subarray(start, start + blockBytes(sizeBytes, blockIndex));
}

/** Compares many bytes at once: ava's own comparison takes a second for a block. */
export function sameBytes(
  t: ExecutionContext,
  actual: Uint8Array | undefined,
  expected: Uint8Array | undefined,
): void {
  t.true(actual !== undefined && expected !== undefined && Buffer.compare(actual, expected) === 0);
}
