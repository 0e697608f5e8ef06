import { BLOCKS_PER_SEGMENT, BlockSet, DIGEST_BYTES, hash } from '@peer-cache/core';
import test from 'ava';
import { KeptSegments } from '../src/file/kept-segments.ts';

const A = hash(Buffer.from('a'));
const B = hash(Buffer.from('b'));

function bitmapOf(...blocks: number[]): Uint8Array {
  const set = new BlockSet(BLOCKS_PER_SEGMENT);
  for (const block of blocks) set.add(block);
  return set.toBytes();
}

test('blocks of the journal are unchecked until somebody looks, those written are sound', (t) => {
  const journaled = [{ segmentIndex: 2, blocks: bitmapOf(0, 5), blockHashes: undefined }];
  const kept = new KeptSegments(journaled, { hasHashes: false });
  const first = 2 * BLOCKS_PER_SEGMENT;
  t.deepEqual(Array.from(kept.unchecked()), [first, first + 5]);
  t.is(kept.stateOf(first), 'unchecked');
  t.is(kept.stateOf(first + 1), 'absent');
  kept.add(first + 1, undefined);
  kept.checked(first, true);
  kept.checked(first + 5, false);
  const states = [0, 1, 5].map((index) => kept.stateOf(first + index));
  t.deepEqual(states, ['sound', 'sound', 'absent']);
});

test('what changed is told once, whole segments with what nobody has checked yet', (t) => {
  const journaled = [{ segmentIndex: 0, blocks: bitmapOf(7), blockHashes: undefined }];
  const kept = new KeptSegments(journaled, { hasHashes: false });
  t.deepEqual(kept.takeChanged(), []);
  kept.add(1, undefined);
  kept.add(BLOCKS_PER_SEGMENT, undefined);
  t.deepEqual(kept.takeChanged(), [
    { segmentIndex: 0, blocks: bitmapOf(1, 7), blockHashes: undefined },
    { segmentIndex: 1, blocks: bitmapOf(0), blockHashes: undefined },
  ]);
  t.deepEqual(kept.takeChanged(), []);
});

test('a block that was not sound is no longer journaled, one that was changes nothing', (t) => {
  const journaled = [{ segmentIndex: 0, blocks: bitmapOf(1, 2), blockHashes: undefined }];
  const kept = new KeptSegments(journaled, { hasHashes: false });
  kept.checked(1, true);
  t.deepEqual(kept.takeChanged(), []);
  kept.checked(2, false);
  t.deepEqual(kept.takeChanged(), [
    { segmentIndex: 0, blocks: bitmapOf(1), blockHashes: undefined },
  ]);
});

test('what could not be journaled is told again', (t) => {
  const kept = new KeptSegments([], { hasHashes: false });
  kept.add(3, undefined);
  const taken = kept.takeChanged();
  kept.giveBack(taken);
  t.deepEqual(kept.takeChanged(), taken);
});

test('block hashes of a content whose origin tells none go to the journal and come back', (t) => {
  const kept = new KeptSegments([], { hasHashes: true });
  kept.add(0, A);
  kept.add(BLOCKS_PER_SEGMENT - 1, B);
  const [segment] = kept.takeChanged();
  t.is(segment?.blockHashes?.length, BLOCKS_PER_SEGMENT * DIGEST_BYTES);
  const again = new KeptSegments(segment === undefined ? [] : [segment], { hasHashes: true });
  t.deepEqual(Buffer.from(again.blockHash(0)), Buffer.from(A));
  t.deepEqual(Buffer.from(again.blockHash(BLOCKS_PER_SEGMENT - 1)), Buffer.from(B));
});

test('what was taken does not change with what comes later', (t) => {
  const kept = new KeptSegments([], { hasHashes: true });
  kept.add(0, A);
  const [taken] = kept.takeChanged();
  kept.add(1, B);
  t.deepEqual(taken?.blocks, bitmapOf(0));
  t.deepEqual(taken?.blockHashes?.subarray(DIGEST_BYTES, 2 * DIGEST_BYTES), new Uint8Array(32));
});
