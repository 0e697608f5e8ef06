import { BlockSet } from '@peer-cache/core';
import test from 'ava';
import { Work } from '../src/work.ts';

const ALL = new Uint8Array(64).fill(0xff);
const anything = { blocksOf: () => ALL };
const allButFour = { blocksOf: () => ALL.with(0, 0xff & ~(1 << 4)) };

test('runs are taken from the first open block on, each block once', (t) => {
  const work = new Work();
  work.add(0, 20);
  t.deepEqual(work.take(anything, { most: 16 }), { segmentIndex: 0, firstBlock: 0, count: 16 });
  t.deepEqual(work.take(anything, { most: 16 }), { segmentIndex: 0, firstBlock: 16, count: 4 });
  t.is(work.take(anything, { most: 16 }), undefined);
});

test('a run ends before a block that the source can not give', (t) => {
  const work = new Work();
  work.add(3, 10);
  t.deepEqual(work.take(allButFour, { most: 16 }), { segmentIndex: 3, firstBlock: 0, count: 4 });
  t.deepEqual(work.take(allButFour, { most: 16 }), { segmentIndex: 3, firstBlock: 5, count: 5 });
  t.is(work.take(allButFour, { most: 16 }), undefined);
  t.deepEqual(work.take(anything, { most: 16 }), { segmentIndex: 3, firstBlock: 4, count: 1 });
});

test('what a released run did not bring is open again, what it brought is not', (t) => {
  const work = new Work();
  work.add(0, 4);
  const run = work.take(anything, { most: 4 });
  work.finish(0, 0);
  work.finish(0, 2);
  if (run !== undefined) work.release(run);
  t.deepEqual(work.take(anything, { most: 4 }), { segmentIndex: 0, firstBlock: 1, count: 1 });
  t.deepEqual(work.take(anything, { most: 4 }), { segmentIndex: 0, firstBlock: 3, count: 1 });
});

test('a block that arrives twice is new once', (t) => {
  const work = new Work();
  work.add(0, 1);
  t.true(work.finish(0, 0));
  t.false(work.finish(0, 0));
  t.true(work.isDone(0));
});

test('the next segment is taken from when the first has nothing open', (t) => {
  const work = new Work();
  work.add(0, 1);
  work.add(1, 1);
  t.is(work.take(anything, { most: 1 })?.segmentIndex, 0);
  t.is(work.take(anything, { most: 1 })?.segmentIndex, 1);
});

test('a segment that the source may not have is not searched', (t) => {
  const work = new Work();
  work.add(0, 4);
  work.add(1, 4);
  const second = { blocksOf: (index: number) => (index === 1 ? ALL : undefined) };
  t.is(work.take(second, { most: 16 })?.segmentIndex, 1);
  t.is(work.take(second, { most: 16 }), undefined);
});

test('what is done before a segment is taken in hand is given to nobody', (t) => {
  const work = new Work();
  const done = new BlockSet(4);
  for (const index of [0, 1, 3]) done.add(index);
  work.add(0, 4, done);
  t.deepEqual(work.take(anything, { most: 16 }), { segmentIndex: 0, firstBlock: 2, count: 1 });
  work.finish(0, 2);
  t.true(work.isDone(0));
});

test('what a run is shortened by is open again', (t) => {
  const work = new Work();
  work.add(0, 20);
  const run = work.take(anything, { most: 16 });
  t.deepEqual(run && work.shorten(run, 5), { segmentIndex: 0, firstBlock: 0, count: 5 });
  t.deepEqual(work.take(anything, { most: 16 }), { segmentIndex: 0, firstBlock: 5, count: 15 });
});

test('who begins elsewhere takes what lies before that in the end', (t) => {
  const work = new Work();
  work.add(0, 20);
  const limits = { most: 16, startBlock: 13 };
  t.deepEqual(work.take(anything, limits), { segmentIndex: 0, firstBlock: 13, count: 7 });
  t.deepEqual(work.take(anything, limits), { segmentIndex: 0, firstBlock: 0, count: 13 });
  t.is(work.take(anything, limits), undefined);
});

test('nothing is taken from the block on where the wanted ones end', (t) => {
  const work = new Work();
  work.add(0, 20);
  const limits = { most: 16, endBlockOf: () => 11 };
  t.deepEqual(work.take(anything, limits), { segmentIndex: 0, firstBlock: 0, count: 11 });
  t.is(work.take(anything, limits), undefined);
  t.is(work.take(anything, { most: 16, endBlockOf: () => -5 }), undefined);
});

test('what is left of a run is neither here, nor on its way, nor with others', (t) => {
  const work = new Work();
  work.add(0, 20);
  const run = { segmentIndex: 0, firstBlock: 0, count: 16 };
  t.is(work.leftOf(run, [], { withTaken: true }), 16);
  work.take(anything, { most: 4 });
  work.finish(0, 0);
  t.is(work.leftOf(run, [], { withTaken: false }), 12);
  t.is(work.leftOf(run, [], { withTaken: true }), 15);
  t.is(work.leftOf(run, [Uint8Array.of(0, 0xff)], { withTaken: false }), 4);
  t.is(work.leftOf({ ...run, firstBlock: 16 }, [undefined], { withTaken: false }), 4);
});
