import test from 'ava';
import {
  allBlockHashListsBytes,
  blockHashAt,
  blockHashListBytes,
  hash,
  MIB,
  segmentCount,
  verifyBlockHashList,
} from '../src/index.ts';
import { blockOf, describe, firstSegmentOf, flipped, seededBytes } from './helpers/content.ts';

const SIZE_BYTES = 200_000;
const content = describe(seededBytes(3, SIZE_BYTES));
const { blockHashList, segmentHash } = firstSegmentOf(content);
const segment = { segmentHash, sizeBytes: SIZE_BYTES, index: 5 };
const MISMATCH = { code: 'BLOCK_HASH_LIST_MISMATCH', message: /segment 5/ };

test('a block hash list has the hash of each block at its place', (t) => {
  for (let block = 0; block < 4; block++) {
    const blockHash = hash(blockOf(content.bytes, block));
    t.deepEqual(Buffer.from(blockHashAt(blockHashList, block)), Buffer.from(blockHash));
  }
  t.is(blockHashAt(blockHashList, 4).length, 0);
});

test('block hash lists have 32 bytes for each block, the last included', (t) => {
  t.is(blockHashListBytes(1), 32);
  t.is(blockHashListBytes(65_536), 32);
  t.is(blockHashListBytes(65_537), 64);
  t.is(blockHashListBytes(32 * MIB), 16_384);
  const sizeBytes = 64 * MIB + 65_537;
  t.is(allBlockHashListsBytes(sizeBytes, segmentCount(sizeBytes)), 2 * 16_384 + 64);
});

test('the block hash list of a segment is accepted', (t) => {
  t.notThrows(() => verifyBlockHashList(blockHashList, segment));
});

test('a block hash list with a bit changed is refused', (t) => {
  for (let bit = 0; bit < 8 * blockHashList.length; bit++) {
    t.throws(() => verifyBlockHashList(flipped(blockHashList, bit), segment), MISMATCH);
  }
});

test('a block hash list that is too short or too long is refused', (t) => {
  t.throws(() => verifyBlockHashList(blockHashList.subarray(32), segment), MISMATCH);
  t.throws(() => verifyBlockHashList(new Uint8Array(), segment), MISMATCH);
  const long = Buffer.concat([blockHashList, blockHashList]);
  t.throws(() => verifyBlockHashList(long, segment), MISMATCH);
});

test('a block hash list is refused for a segment of another size', (t) => {
  const longer = { ...segment, sizeBytes: SIZE_BYTES + 1 };
  t.throws(() => verifyBlockHashList(blockHashList, longer), MISMATCH);
});
