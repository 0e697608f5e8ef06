import { once } from 'node:events';
import {
  BLOCK_BYTES,
  DAY_MS,
  SEAL_BYTES,
  SEALED_BLOCK_BYTES,
  verifyBlock,
  hash,
} from '@peer-cache/core';
import type { ExecutionContext, TestFn } from 'ava';
import type { BlockStore } from '../src/index.ts';
import {
  allBlocksOf,
  blockOf,
  makeSegment,
  openMade,
  plainOf,
  sealedBlockOf,
  sameBytes,
  storeMade,
} from './helpers/segments.ts';

export interface ContractOptions {
  readonly limitBytes: number;
  readonly now: () => number;
  readonly maxAgeMs: number;
}

/** Opens an empty store and closes it after the test. */
export type OpenForContract = (
  t: ExecutionContext,
  options?: Partial<ContractOptions>,
) => Promise<BlockStore>;

const TWO_BLOCKS = 2 * SEALED_BLOCK_BYTES + 64;

/**
 * What every BlockStore must do; one that brings blocks elsewhere need not say that there is no
 * room for them here.
 */
export function blockStoreContract(
  test: TestFn,
  open: OpenForContract,
  { saysFull = true }: { readonly saysFull?: boolean } = {},
): void {
  test('a stored block comes back for use, and sealed as every other machine would seal it', async (t) => {
    const store = await open(t);
    const made = makeSegment(1, 3 * BLOCK_BYTES + 5);
    await storeMade(store, made);
    using segment = store.find(made.keys.segmentId);
    t.is(segment?.blocks.size, 4);
    for (const index of [0, 1, 2, 3]) {
      sameBytes(t, (await segment?.read(index))?.bytes, plainOf(made, index));
    }
    const run = await segment?.readSealed({ firstBlock: 1, count: 9 });
    t.is(run?.count, 3);
    sameBytes(t, run?.bytes, Buffer.concat([1, 2, 3].map((index) => sealedBlockOf(made, index))));
  });

  test('a segment of one byte is stored like any other', async (t) => {
    const store = await open(t);
    const made = makeSegment(1, 1);
    await storeMade(store, made);
    using segment = store.find(made.keys.segmentId);
    sameBytes(t, (await segment?.read(0))?.bytes, plainOf(made, 0));
    t.is((await segment?.readSealed({ firstBlock: 0, count: 1 }))?.bytes.length, 1 + SEAL_BYTES);
  });

  test('a run is read up to the first gap and not past it', async (t) => {
    const store = await open(t);
    const made = makeSegment(1, 5 * BLOCK_BYTES);
    await storeMade(
      store,
      made,
      [0, 1, 3].map((index) => blockOf(made, index)),
    );
    using segment = store.find(made.keys.segmentId);
    t.is((await segment?.readSealed({ firstBlock: 0, count: 5 }))?.count, 2);
    t.is(await segment?.readSealed({ firstBlock: 2, count: 2 }), undefined);
    t.is((await segment?.readSealed({ firstBlock: 3, count: 9 }))?.count, 1);
    t.is(await segment?.readSealed({ firstBlock: 9, count: 1 }), undefined);
    t.is(await segment?.read(2), undefined);
    t.is(await segment?.read(9), undefined);
  });

  test('a run is read into the buffer that the caller gives, as far as it fits', async (t) => {
    const store = await open(t);
    const made = makeSegment(1, 3 * BLOCK_BYTES);
    await storeMade(store, made);
    using segment = store.find(made.keys.segmentId);
    const into = Buffer.alloc(12 + 2 * SEALED_BLOCK_BYTES + 100, 1);
    const run = await segment?.readSealed({ firstBlock: 0, count: 3, into, at: 12 });
    t.is(run?.count, 2);
    t.is(run?.bytes.buffer, into.buffer);
    sameBytes(t, into.subarray(12, 12 + SEALED_BLOCK_BYTES), sealedBlockOf(made, 0));
    sameBytes(t, into.subarray(-100), Buffer.alloc(100, 1));
    t.is(
      await segment?.readSealed({ firstBlock: 0, count: 1, into, at: into.length - 9 }),
      undefined,
    );
  });

  test('a block that came sealed is stored without its bytes being kept in use', async (t) => {
    const store = await open(t);
    const made = makeSegment(1);
    const sealed = sealedBlockOf(made, 0);
    const { block } = blockOf(made, 0);
    await storeMade(store, made, [{ block, sealed }]);
    sealed.fill(0);
    using segment = store.find(made.keys.segmentId);
    sameBytes(t, (await segment?.read(0))?.bytes, plainOf(made, 0));
  });

  test('only the right block hash list is taken, and none but verified blocks that fit', async (t) => {
    const store = await open(t);
    const made = makeSegment(1);
    using segment = openMade(store, made);
    await t.throwsAsync(segment.put([blockOf(made, 0)]), { instanceOf: TypeError });
    await t.throwsAsync(segment.putBlockHashList(made.blockHashList.map((byte) => byte ^ 1)), {
      code: 'BLOCK_HASH_LIST_MISMATCH',
    });
    await segment.putBlockHashList(made.blockHashList);
    sameBytes(t, segment.blockHashList, made.blockHashList);
    const bytes = Buffer.from('short');
    const short = verifyBlock(0, bytes, hash(bytes));
    await t.throwsAsync(segment.put([{ block: short }]), { instanceOf: RangeError });
    const outside = verifyBlock(2, bytes, hash(bytes));
    await t.throwsAsync(segment.put([{ block: outside }]), { instanceOf: RangeError });
    t.is(segment.blocks.size, 0);
  });

  test('a segment is found from its block hash list on, and not while nothing of it is here', async (t) => {
    const store = await open(t);
    const made = makeSegment(1);
    const segment = openMade(store, made);
    t.is(store.find(made.keys.segmentId), undefined);
    t.is(store.proofKeyOf(made.keys.segmentId), undefined);
    await segment.putBlockHashList(made.blockHashList);
    segment[Symbol.dispose]();
    using found = store.find(made.keys.segmentId);
    sameBytes(t, found?.blockHashList, made.blockHashList);
    sameBytes(t, store.proofKeyOf(made.keys.segmentId), made.keys.proofKey);
  });

  test('a segment that nothing was stored in leaves nothing behind', async (t) => {
    const store = await open(t);
    openMade(store, makeSegment(1))[Symbol.dispose]();
    t.deepEqual(store.usage(), { segments: 0, usedBytes: 0 });
  });

  test('past its time a segment is not served but is still used here, until it is renewed', async (t) => {
    let nowMs = 1_000;
    const store = await open(t, { now: () => nowMs });
    const made = makeSegment(1);
    const first = openMade(store, made, 2_000);
    await first.putBlockHashList(made.blockHashList);
    await first.put(allBlocksOf(made));
    first[Symbol.dispose]();
    nowMs = 2_000;
    t.is(store.find(made.keys.segmentId), undefined);
    t.is(store.proofKeyOf(made.keys.segmentId), undefined);
    using again = openMade(store, made, 1_500);
    sameBytes(t, (await again.read(1))?.bytes, plainOf(made, 1));
    t.is(store.find(made.keys.segmentId), undefined);
    using renewed = openMade(store, made, 3_000);
    t.is(renewed.blocks, again.blocks);
    t.truthy(store.proofKeyOf(made.keys.segmentId));
  });

  test('the version grows with each change and the event comes once for each put', async (t) => {
    const store = await open(t);
    const made = makeSegment(1, 4 * BLOCK_BYTES);
    using segment = openMade(store, made);
    const atFirst = segment.version;
    let changes = 0;
    store.events.on('segment-changed', ({ segmentId }) => {
      sameBytes(t, segmentId, made.keys.segmentId);
      changes++;
    });
    await segment.putBlockHashList(made.blockHashList);
    const withList = segment.version;
    await segment.put([0, 1, 2].map((index) => blockOf(made, index)));
    const withBlocks = segment.version;
    await segment.put([blockOf(made, 1)]);
    t.is(changes, 2);
    t.true(1 <= atFirst && atFirst < withList && withList < withBlocks);
    t.is(segment.version, withBlocks);
  });

  test('overlapping puts at once store every block once', async (t) => {
    const store = await open(t);
    const made = makeSegment(1, 16 * BLOCK_BYTES);
    using segment = openMade(store, made);
    await segment.putBlockHashList(made.blockHashList);
    using other = openMade(store, made);
    const puts = Array.from({ length: 12 }, (_, first) =>
      (first % 2 ? segment : other).put(
        [0, 1, 2, 3, 4].map((index) => blockOf(made, first + index)),
      ),
    );
    await Promise.all(puts);
    t.true(segment.blocks.isFull);
    for (let index = 0; index < 16; index++) {
      sameBytes(t, (await other.read(index))?.bytes, plainOf(made, index));
    }
    t.is(store.usage().usedBytes, 16 * SEALED_BLOCK_BYTES + made.blockHashList.length);
  });

  test('the segment that was used longest ago goes first, and says so', async (t) => {
    const store = await open(t, { limitBytes: 3 * TWO_BLOCKS });
    const [a, b, c, d] = [makeSegment(1), makeSegment(2), makeSegment(3), makeSegment(4)];
    for (const made of [a, b, c]) await storeMade(store, made);
    using used = store.find(a.keys.segmentId);
    await used?.read(0);
    used?.[Symbol.dispose]();
    const evicted = once(store.events, 'segment-evicted');
    await storeMade(store, d);
    const [event] = await evicted;
    t.deepEqual(event, { segmentId: Buffer.from(b.keys.segmentId), sizeBytes: b.sizeBytes });
    t.deepEqual(held(store, [a, b, c, d]), [true, false, true, true]);
    t.is(store.usage().segments, 3);
  });

  if (saysFull) fullStoreContract(test, open);

  test('clear keeps what is open or pinned', async (t) => {
    const store = await open(t);
    const [a, b, c] = [makeSegment(1), makeSegment(2), makeSegment(3)];
    for (const made of [a, b, c]) await storeMade(store, made);
    store.setPinned(a.keys.segmentId, true);
    using segment = store.find(b.keys.segmentId);
    await store.clear();
    t.deepEqual(held(store, [a, b, c]), [true, true, false]);
    sameBytes(t, (await segment?.read(0))?.bytes, plainOf(b, 0));
  });

  test('what was not used for the age limit goes when asked', async (t) => {
    let nowMs = 0;
    const store = await open(t, { now: () => nowMs, maxAgeMs: 3 * DAY_MS });
    const [old, used] = [makeSegment(1), makeSegment(2)];
    await storeMade(store, old);
    await storeMade(store, used);
    for (let day = 1; day <= 4; day++) {
      nowMs = day * DAY_MS;
      using segment = store.find(used.keys.segmentId);
      await segment?.read(0);
    }
    await store.evictAged();
    t.deepEqual(held(store, [old, used]), [false, true]);
  });

  test('a segment comes back after it was evicted, with another version', async (t) => {
    let nowMs = 5_000;
    const store = await open(t, { now: () => nowMs });
    const made = makeSegment(1);
    await storeMade(store, made);
    const before = store.find(made.keys.segmentId);
    const version = before?.version;
    before?.[Symbol.dispose]();
    // Not awaited on purpose: the segment is asked for again while it is still going.
    const clearing = store.clear();
    nowMs = 60_000;
    await Promise.all([clearing, storeMade(store, made)]);
    using again = store.find(made.keys.segmentId);
    t.not(again?.version, version);
    sameBytes(t, (await again?.read(1))?.bytes, plainOf(made, 1));
  });

  test('a handle is good for nothing once it is let go of, and letting go twice is no harm', async (t) => {
    const store = await open(t);
    const made = makeSegment(1);
    await storeMade(store, made);
    const segment = openMade(store, made);
    using other = openMade(store, made);
    segment[Symbol.dispose]();
    segment[Symbol.dispose]();
    await t.throwsAsync(segment.read(0), { instanceOf: TypeError });
    await store.clear();
    sameBytes(t, (await other.read(0))?.bytes, plainOf(made, 0));
  });

  test('a read that is under way keeps its segment', async (t) => {
    const store = await open(t);
    const made = makeSegment(1);
    await storeMade(store, made);
    const segment = openMade(store, made);
    const reading = segment.readSealed({ firstBlock: 0, count: 2 });
    segment[Symbol.dispose]();
    await store.clear();
    t.is((await reading)?.count, 2);
    await store.clear();
    t.is(store.usage().segments, 0);
  });

  test('a segment that was stored as another size is refused', async (t) => {
    const store = await open(t);
    const made = makeSegment(1);
    await storeMade(store, made);
    t.throws(() => openMade(store, { ...made, sizeBytes: 5 }), { instanceOf: RangeError });
    t.throws(() => openMade(store, { ...made, sizeBytes: 0 }), { instanceOf: RangeError });
  });

  test('a store that was closed is used no more', async (t) => {
    const store = await open(t);
    const made = makeSegment(1);
    const segment = openMade(store, made);
    const writing = segment.putBlockHashList(made.blockHashList);
    await store[Symbol.asyncDispose]();
    await t.notThrowsAsync(writing);
    await t.throwsAsync(segment.put(allBlocksOf(made)), { instanceOf: TypeError });
    t.throws(() => openMade(store, made), { instanceOf: TypeError });
    t.notThrows(() => segment[Symbol.dispose]());
  });
}

function held(
  store: BlockStore,
  segments: readonly { keys: { segmentId: Uint8Array } }[],
): boolean[] {
  return segments.map(({ keys }) => store.proofKeyOf(keys.segmentId) !== undefined);
}

function fullStoreContract(test: TestFn, open: OpenForContract): void {
  test('a segment that is pinned while it is open for what is to come stays', async (t) => {
    const store = await open(t);
    const made = makeSegment(1);
    {
      using _ = openMade(store, made);
      store.setPinned(made.keys.segmentId, true);
      await storeMade(store, made);
    }
    await store.clear();
    t.deepEqual(held(store, [made]), [true]);
  });

  test('what is open or pinned stays, and then the store is full', async (t) => {
    const store = await open(t, { limitBytes: 2 * TWO_BLOCKS });
    const [a, b, c] = [makeSegment(1), makeSegment(2), makeSegment(3)];
    await storeMade(store, a);
    await storeMade(store, b);
    store.setPinned(a.keys.segmentId, true);
    const open2 = store.find(b.keys.segmentId);
    await t.throwsAsync(storeMade(store, c), { code: 'STORE_FULL' });
    t.deepEqual(held(store, [a, b, c]), [true, true, false]);
    open2?.[Symbol.dispose]();
    await storeMade(store, c);
    t.deepEqual(held(store, [a, b, c]), [true, false, true]);
    store.setPinned(a.keys.segmentId, false);
    await storeMade(store, b);
    t.deepEqual(held(store, [a, b, c]), [false, true, true]);
  });

  test('what can never fit evicts nothing', async (t) => {
    const store = await open(t, { limitBytes: 2 * TWO_BLOCKS });
    const small = makeSegment(1);
    await storeMade(store, small);
    await t.throwsAsync(storeMade(store, makeSegment(2, 9 * BLOCK_BYTES)), { code: 'STORE_FULL' });
    t.deepEqual(held(store, [small]), [true]);
  });
}
