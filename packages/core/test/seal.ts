import { createDecipheriv } from 'node:crypto';
import test from 'ava';
import {
  BLOCK_HASH_LIST_INDEX,
  blockHashAt,
  openSealed,
  SEAL_BYTES,
  sealBlock,
  sealBlockHashList,
  SEALED_BLOCK_BYTES,
  verifyBlock,
  VerifiedBlock,
} from '../src/index.ts';
import { blockOf, describe, firstSegmentOf, flipped, seededBytes } from './helpers/content.ts';

const SIZE_BYTES = 2 * 65_536 + 999;
const LAST = 2;
const content = describe(seededBytes(11, SIZE_BYTES));
const { keys, segmentHash, blockHashList } = firstSegmentOf(content);
const segment = { segmentHash, sizeBytes: SIZE_BYTES };
const other = firstSegmentOf(describe(seededBytes(12, SIZE_BYTES)));
const BROKEN = { code: 'SEAL_BROKEN' };

test('a sealed block opens to the block, and is a tag longer', (t) => {
  for (let block = 0; block <= LAST; block++) {
    const bytes = blockOf(content.bytes, block);
    const sealed = sealBlock(keys, verified(block));
    t.is(sealed.length, bytes.length + SEAL_BYTES);
    t.deepEqual(openSealed(keys, block, sealed), bytes);
  }
  t.is(sealBlock(keys, verified(0)).length, SEALED_BLOCK_BYTES);
});

test('a sealed block hash list opens to the list', (t) => {
  const sealed = sealBlockHashList(keys, segment, blockHashList);
  t.is(sealed.length, blockHashList.length + SEAL_BYTES);
  t.deepEqual(openSealed(keys, BLOCK_HASH_LIST_INDEX, sealed), Buffer.from(blockHashList));
});

test('a block is the same sealed on every machine', (t) => {
  const again = firstSegmentOf(describe(seededBytes(11, SIZE_BYTES)));
  t.deepEqual(sealBlock(again.keys, verified(1)), sealBlock(keys, verified(1)));
});

test('the nonce is the block index, and version, segment ID and index go along', (t) => {
  const sealed = sealBlock(keys, verified(LAST));
  const nonce = Buffer.from('000000000000000000000002', 'hex');
  const decipher = createDecipheriv('aes-256-gcm', keys.sealingKey, nonce);
  decipher.setAAD(Buffer.concat([Uint8Array.of(1), keys.segmentId, nonce.subarray(8)]));
  decipher.setAuthTag(sealed.subarray(-SEAL_BYTES));
  const bytes = Buffer.concat([decipher.update(sealed.subarray(0, -SEAL_BYTES)), decipher.final()]);
  t.deepEqual(bytes, blockOf(content.bytes, LAST));
});

test('any bit that is not as it was sealed breaks the seal', (t) => {
  const sealed = sealBlock(keys, verified(LAST));
  for (let bit = 0; bit < 8 * sealed.length; bit++) {
    t.throws(() => openSealed(keys, LAST, flipped(sealed, bit)), BROKEN);
  }
  t.notThrows(() => openSealed(keys, LAST, sealed));
});

test('a sealed block does not open as another block, nor as the list', (t) => {
  const sealed = sealBlock(keys, verified(0));
  t.throws(() => openSealed(keys, 1, sealed), BROKEN);
  t.throws(() => openSealed(keys, BLOCK_HASH_LIST_INDEX, sealed), BROKEN);
  t.throws(() => openSealed(keys, 0, sealBlockHashList(keys, segment, blockHashList)), BROKEN);
});

test('a sealed block does not open with the keys of another segment, or a mix of them', (t) => {
  const sealed = sealBlock(keys, verified(0));
  const { segmentId, sealingKey } = other.keys;
  t.throws(() => openSealed(other.keys, 0, sealed), BROKEN);
  t.throws(() => openSealed({ ...keys, segmentId }, 0, sealed), BROKEN);
  t.throws(() => openSealed({ ...keys, sealingKey }, 0, sealed), BROKEN);
});

test('a sealed block that was cut or grew is broken, even to nothing', (t) => {
  const sealed = sealBlock(keys, verified(LAST));
  for (const length of [0, 1, SEAL_BYTES - 1, SEAL_BYTES, sealed.length - 1]) {
    t.throws(() => openSealed(keys, LAST, sealed.subarray(0, length)), BROKEN);
  }
  t.throws(() => openSealed(keys, LAST, sealed.subarray(1)), BROKEN);
  t.throws(() => openSealed(keys, LAST, Buffer.concat([sealed, Buffer.alloc(1)])), BROKEN);
});

test('a broken seal is worth another try: it accuses nobody', (t) => {
  const error = t.throws(() => openSealed(keys, 0, Buffer.alloc(99)), BROKEN);
  t.like(error, { transient: true });
});

test('nothing but a verified block can be sealed', (t) => {
  const lookAlike: VerifiedBlock = Object.assign(Object.create(VerifiedBlock.prototype), {
    blockIndex: 0,
    bytes: blockOf(content.bytes, 1),
  });
  t.throws(() => sealBlock(keys, lookAlike), { instanceOf: TypeError });
  t.throws(() => sealBlock(keys, structuredClone(verified(0))), { instanceOf: TypeError });
});

test('a block hash list of another segment cannot be sealed', (t) => {
  t.throws(() => sealBlockHashList(keys, segment, other.blockHashList), {
    code: 'BLOCK_HASH_LIST_MISMATCH',
  });
});

function verified(block: number): VerifiedBlock {
  return verifyBlock(block, blockOf(content.bytes, block), blockHashAt(blockHashList, block));
}
