import test from 'ava';
import { hash, verifyBlock, VerifiedBlock } from '../src/index.ts';
import { patternBytes } from './helpers/content.ts';

const BYTES = patternBytes(3000);

test('a block with its block hash is verified', (t) => {
  const block = verifyBlock(7, BYTES, hash(BYTES));
  t.is(block.blockIndex, 7);
  t.is(block.bytes, BYTES);
  t.true(VerifiedBlock.isVerified(block));
});

test('bytes with another block hash are refused', (t) => {
  const expectation = { code: 'BLOCK_MISMATCH', message: /block 7/ };
  t.throws(() => verifyBlock(7, BYTES.subarray(1), hash(BYTES)), expectation);
  t.throws(() => verifyBlock(7, BYTES, hash(BYTES).subarray(1)), expectation);
  t.throws(() => verifyBlock(7, new Uint8Array(), hash(BYTES)), expectation);
});

test('what only looks like a verified block is known as such', (t) => {
  const real = verifyBlock(7, BYTES, hash(BYTES));
  const lookAlikes: VerifiedBlock[] = [
    Object.create(VerifiedBlock.prototype),
    Object.assign(Object.create(VerifiedBlock.prototype), { blockIndex: 7, bytes: BYTES }),
    structuredClone(real),
    Object.create(real),
  ];
  t.deepEqual(
    lookAlikes.map((lookAlike) => VerifiedBlock.isVerified(lookAlike)),
    [false, false, false, false],
  );
});
