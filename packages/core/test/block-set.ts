import test from 'ava';
import * as fc from 'fast-check';
import { BlockSet } from '../src/index.ts';
import { holds } from './helpers/property.ts';

type Step = { readonly do: 'add' | 'delete'; readonly block: number };

/** A number of blocks, and steps that stay within it. */
const history = fc.integer({ min: 1, max: 70 }).chain((blockCount) => {
  const step: fc.Arbitrary<Step> = fc.record({
    do: fc.constantFrom('add', 'delete'),
    block: fc.nat(blockCount - 1),
  });
  return fc.record({ blockCount: fc.constant(blockCount), steps: fc.array(step) });
});

test('a block set holds what a Set with the same history holds', (t) => {
  const property = fc.property(history, ({ blockCount, steps }) => {
    const set = new BlockSet(blockCount);
    const model = new Set<number>();
    for (const step of steps) {
      const expected = step.do === 'add' ? !model.has(step.block) : model.has(step.block);
      if (set[step.do](step.block) !== expected) return false;
      model[step.do](step.block);
    }
    return isLike(set, model);
  });
  holds(t, property);
});

test('a block set has the same blocks after a way through its bytes', (t) => {
  const property = fc.property(history, ({ blockCount, steps }) => {
    const model = new Set(steps.map(({ block }) => block));
    const bytes = setOf(blockCount, model).toBytes();
    return (
      bytes.length === Math.ceil(blockCount / 8) &&
      isLike(BlockSet.fromBytes(blockCount, bytes), model)
    );
  });
  holds(t, property);
});

test('a run is as long as the blocks without a gap, and no longer than asked for', (t) => {
  const property = fc.property(history, fc.nat(80), fc.nat(80), (past, first, most) => {
    const model = new Set(past.steps.map(({ block }) => block));
    let expected = 0;
    while (expected < most && model.has(first + expected)) expected++;
    return setOf(past.blockCount, model).runLength(first, most) === expected;
  });
  holds(t, property);
});

test('a bitmap that is too short or has bits past the end says nothing about those blocks', (t) => {
  const long = BlockSet.fromBytes(9, Uint8Array.of(255, 255, 255));
  t.is(long.size, 9);
  t.deepEqual(long.toBytes(), Uint8Array.of(255, 1));
  t.is(BlockSet.fromBytes(20, Uint8Array.of(255)).size, 8);
});

test('a block that the segment does not have cannot be added and is not there', (t) => {
  const set = new BlockSet(9);
  for (const block of [9, 16, -1, 1.5, Number.NaN]) {
    t.throws(() => set.add(block), { instanceOf: RangeError });
    t.false(set.has(block));
    t.false(set.delete(block));
  }
  t.is(set.size, 0);
});

test('the bytes of a set are a copy', (t) => {
  const set = new BlockSet(8);
  set.toBytes().fill(255);
  t.is(set.size, 0);
  t.false(set.has(0));
});

function setOf(blockCount: number, blocks: Iterable<number>): BlockSet {
  const set = new BlockSet(blockCount);
  for (const block of blocks) set.add(block);
  return set;
}

function isLike(set: BlockSet, model: ReadonlySet<number>): boolean {
  const blocks = Array.from({ length: set.blockCount + 9 }, (_, block) => block);
  return (
    set.size === model.size &&
    set.isFull === (model.size === set.blockCount) &&
    blocks.every((block) => set.has(block) === model.has(block))
  );
}
