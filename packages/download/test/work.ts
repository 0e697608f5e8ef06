import test from 'ava';
import { BlockSet } from '@peer-cache/core';
import { Work } from '../src/work.ts';

const everywhere = (): boolean => true;
const anything = { mayHave: everywhere, canGive: everywhere };
const allButFour = {
  mayHave: everywhere,
  canGive: (_: number, blockIndex: number): boolean => blockIndex !== 4,
};

test('runs are taken from the first open block on, each block once', (t) => {
  const work = new Work();
  work.add(0, 20);
  t.deepEqual(work.take(anything, 16), { segmentIndex: 0, firstBlock: 0, count: 16 });
  t.deepEqual(work.take(anything, 16), { segmentIndex: 0, firstBlock: 16, count: 4 });
  t.is(work.take(anything, 16), undefined);
});

test('a run ends before a block that the source can not give', (t) => {
  const work = new Work();
  work.add(3, 10);
  t.deepEqual(work.take(allButFour, 16), { segmentIndex: 3, firstBlock: 0, count: 4 });
  t.deepEqual(work.take(allButFour, 16), { segmentIndex: 3, firstBlock: 5, count: 5 });
  t.is(work.take(allButFour, 16), undefined);
  t.deepEqual(work.take(anything, 16), { segmentIndex: 3, firstBlock: 4, count: 1 });
});

test('what a released run did not bring is open again, what it brought is not', (t) => {
  const work = new Work();
  work.add(0, 4);
  const run = work.take(anything, 4);
  work.finish(0, 0);
  work.finish(0, 2);
  if (run !== undefined) work.release(run);
  t.deepEqual(work.take(anything, 4), { segmentIndex: 0, firstBlock: 1, count: 1 });
  t.deepEqual(work.take(anything, 4), { segmentIndex: 0, firstBlock: 3, count: 1 });
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
  t.is(work.take(anything, 1)?.segmentIndex, 0);
  t.is(work.take(anything, 1)?.segmentIndex, 1);
});

test('a segment that the source may not have is not searched', (t) => {
  const work = new Work();
  work.add(0, 4);
  work.add(1, 4);
  const second = { mayHave: (segmentIndex: number) => segmentIndex === 1, canGive: everywhere };
  t.is(work.take(second, 16)?.segmentIndex, 1);
  t.is(work.take(second, 16), undefined);
});

test('what is done before a segment is taken in hand is given to nobody', (t) => {
  const work = new Work();
  const done = new BlockSet(4);
  for (const index of [0, 1, 3]) done.add(index);
  work.add(0, 4, done);
  t.deepEqual(work.take(anything, 16), { segmentIndex: 0, firstBlock: 2, count: 1 });
  work.finish(0, 2);
  t.true(work.isDone(0));
});

test('what a run is shortened by is open again', (t) => {
  const work = new Work();
  work.add(0, 20);
  const run = work.take(anything, 16);
  t.deepEqual(run && work.shorten(run, 5), { segmentIndex: 0, firstBlock: 0, count: 5 });
  t.deepEqual(work.take(anything, 16), { segmentIndex: 0, firstBlock: 5, count: 15 });
});
