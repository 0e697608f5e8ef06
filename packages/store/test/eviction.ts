import test from 'ava';
import * as fc from 'fast-check';
import { agedOut, isEvictable, victims } from '../src/eviction.ts';
import { freshSeed } from './helpers/segments.ts';

const entry = fc.record({
  storedBytes: fc.nat(100),
  lastUsedMs: fc.nat(1000),
  holders: fc.nat(1),
  isPinned: fc.boolean(),
});

const free = { storedBytes: 10, lastUsedMs: 0, holders: 0, isPinned: false };

test('the oldest go until enough is free, and no more of them', (t) => {
  const [a, b, c] = [{ ...free }, { ...free }, { ...free }];
  t.deepEqual(victims([a, b, c], 11), [a, b]);
  t.deepEqual(victims([a, b, c], 0), []);
  t.deepEqual(victims([a, b, c], -5), []);
});

test('what is held or pinned is passed over', (t) => {
  const last = { ...free };
  t.deepEqual(victims([{ ...free, holders: 1 }, { ...free, isPinned: true }, last], 10), [last]);
});

test('when all that may go is not enough, nothing goes', (t) => {
  t.is(victims([free, { ...free, isPinned: true }], 11), undefined);
});

test('of any entries the fewest oldest go that are enough, and only those that may', (t) => {
  fc.assert(
    fc.property(fc.array(entry), fc.integer({ min: -50, max: 2000 }), (entries, neededBytes) => {
      const mayGo = entries.filter((each) => isEvictable(each));
      const going = victims(entries, neededBytes);
      if (going === undefined) return sum(mayGo) < neededBytes;
      const isOldest = going.every((each, place) => each === mayGo[place]);
      return (
        isOldest &&
        sum(going) >= neededBytes &&
        sum(going.slice(0, -1)) < neededBytes === going.length > 0
      );
    }),
    { seed: freshSeed(t) },
  );
  t.pass();
});

test('what was used before a time goes, but not what is held or pinned', (t) => {
  const [old, kept, edge] = [free, { ...free, holders: 1 }, { ...free, lastUsedMs: 5 }];
  t.deepEqual(agedOut([old, kept, edge], 5), [old]);
});

function sum(entries: readonly { readonly storedBytes: number }[]): number {
  return entries.reduce((bytes, { storedBytes }) => bytes + storedBytes, 0);
}
