import { BLOCK_BYTES, SEALED_BLOCK_BYTES } from '@peer-cache/core';
import type { TestFn } from 'ava';
import type { OpenForContract } from './block-store-contract.ts';
import {
  allBlocksOf,
  blockOf,
  FAR_FUTURE_MS,
  makeSegment,
  openMade,
  storeMade,
} from './helpers/segments.ts';

/** What every BlockStore must tell whoever looks after it. */
export function inspectionContract(test: TestFn, open: OpenForContract): void {
  test('the list of segments tells what is here of each, and whether it is pinned', async (t) => {
    let nowMs = 5_000;
    const store = await open(t, { now: () => nowMs });
    const [whole, partial, empty] = [makeSegment(1), makeSegment(2), makeSegment(3)];
    await storeMade(store, whole);
    nowMs = 6_000;
    await storeMade(store, partial, [blockOf(partial, 1)]);
    using _held = openMade(store, empty);
    store.setPinned(partial.keys.segmentId, true);
    const listBytes = whole.blockHashList.length;
    const serveUntilMs = FAR_FUTURE_MS;
    t.deepEqual(
      store
        .segments()
        .map((facts) => ({ ...facts, segmentId: Buffer.from(facts.segmentId).toString('hex') })),
      [
        { made: whole, blocks: 2, lastUsedMs: 5_000, isPinned: false },
        { made: partial, blocks: 1, lastUsedMs: 6_000, isPinned: true },
      ].map(({ made, blocks, ...rest }) => ({
        segmentId: made.key,
        sizeBytes: made.sizeBytes,
        storedBytes: blocks * SEALED_BLOCK_BYTES + listBytes,
        serveUntilMs,
        ...rest,
      })),
    );
  });

  test('a check reads every block that is here, and is no use of the segment', async (t) => {
    let nowMs = 5_000;
    const store = await open(t, { now: () => nowMs });
    const made = makeSegment(1, 5 * BLOCK_BYTES);
    await storeMade(
      store,
      made,
      [0, 1, 3].map((index) => blockOf(made, index)),
    );
    nowMs = 6_000;
    const { signal } = new AbortController();
    t.deepEqual(await store.check(made.keys.segmentId, { signal }), {
      checkedBlocks: 3,
      damagedBlocks: 0,
    });
    t.is(store.segments()[0]?.lastUsedMs, 5_000);
    t.is(await store.check(makeSegment(2).keys.segmentId, { signal }), undefined);
  });

  test('a check reaches a segment past its time, keeps it meanwhile, and ends with its signal', async (t) => {
    let nowMs = 1_000;
    const store = await open(t, { now: () => nowMs });
    const made = makeSegment(1);
    const segment = openMade(store, made, 2_000);
    await segment.putBlockHashList(made.blockHashList);
    await segment.put(allBlocksOf(made));
    segment[Symbol.dispose]();
    nowMs = 3_000;
    const checking = store.check(made.keys.segmentId, { signal: new AbortController().signal });
    await store.clear();
    t.is((await checking)?.checkedBlocks, 2);
    const aborted = store.check(made.keys.segmentId, { signal: AbortSignal.abort() });
    await t.throwsAsync(aborted, { name: 'AbortError' });
    await store.clear();
    t.deepEqual(store.segments(), []);
  });
}
