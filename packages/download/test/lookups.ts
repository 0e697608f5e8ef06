import type { Finder, FoundPeer, PeerAddress, SegmentLookup } from '@peer-cache/discovery';
import test from 'ava';
import { Lookups } from '../src/peers/lookups.ts';

/** Searches keep no process alive: these tests do. */
const alive = setInterval(() => undefined, 1000);
test.after.always(() => clearInterval(alive));

const A = { host: '192.0.2.1', port: 7690 };
const { signal } = new AbortController();

function lookup(id: number): SegmentLookup {
  return { segmentId: Buffer.alloc(16, id), proofKey: Buffer.alloc(32, id) };
}

/** Finds what it is told to, and notes how many segments each search was for. */
function finderOf(found: readonly FoundPeer[], known: readonly PeerAddress[] = []) {
  const searches: number[] = [];
  const finder: Finder = {
    name: 'noted',
    async *find(lookups) {
      searches.push(lookups.length);
      yield* found;
    },
    neighbours: () => known,
    async [Symbol.asyncDispose]() {},
  };
  return { finder, searches };
}

test('searches that begin together share packets, and each gets its part', async (t) => {
  const { finder, searches } = finderOf([
    { address: A, holds: [0, 2] },
    { address: { ...A, port: 7691 }, holds: undefined },
  ]);
  const lookups = new Lookups(finder, () => performance.now());
  const first: FoundPeer[] = [];
  const second: FoundPeer[] = [];
  await Promise.all([
    lookups.find([lookup(1), lookup(2)], (peer) => first.push(peer), { signal }),
    lookups.find([lookup(3)], (peer) => second.push(peer), { signal }),
  ]);
  t.deepEqual(searches, [3]);
  t.deepEqual(
    first.map(({ holds }) => holds),
    [[0], undefined],
  );
  t.deepEqual(
    second.map(({ holds }) => holds),
    [[0], undefined],
  );
});

test('who found nobody knows for a while that there is nobody', async (t) => {
  let nowMs = 1000;
  const { finder } = finderOf([]);
  const lookups = new Lookups(finder, () => nowMs);
  t.false(lookups.wasLonely);
  await lookups.find([lookup(1)], () => undefined, { signal });
  t.true(lookups.wasLonely);
  nowMs += 10_000;
  t.false(lookups.wasLonely);
});

test('who knows neighbours searches at once, but not again and again', async (t) => {
  let nowMs = 0;
  const { finder } = finderOf([], [A]);
  const lookups = new Lookups(finder, () => nowMs);
  t.true(lookups.isPrompt);
  await lookups.find([lookup(1)], () => undefined, { signal });
  t.false(lookups.isPrompt);
  nowMs = 1000;
  t.true(lookups.isPrompt);
});

test('a search that nobody waits for any more is not made', async (t) => {
  const { finder, searches } = finderOf([]);
  const lookups = new Lookups(finder, () => performance.now());
  const left = new AbortController();
  const waiting = lookups.find([lookup(1)], () => undefined, { signal: left.signal });
  left.abort();
  await waiting;
  await lookups.find([lookup(2)], () => undefined, { signal });
  t.deepEqual(searches, [1]);
});
