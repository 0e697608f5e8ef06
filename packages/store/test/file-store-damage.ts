import { once } from 'node:events';
import { open, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BLOCK_BYTES, SEALED_BLOCK_BYTES } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { indexFile, notedLog, openStore, segmentFile } from './helpers/file-stores.ts';
import {
  allBlocksOf,
  blockOf,
  makeSegment,
  openMade,
  plainOf,
  sealedBlockOf,
  sameBytes,
  storeMade,
  temporaryFolder,
} from './helpers/segments.ts';

const made = makeSegment(1, 4 * BLOCK_BYTES);

/** Flips a bit of a block as it lies on disk. */
async function flipBit(folder: string, blockIndex: number): Promise<void> {
  await nextTick(folder);
  await using file = await open(segmentFile(folder, made), 'r+');
  const byte = Buffer.alloc(1);
  const position = blockIndex * SEALED_BLOCK_BYTES + 1234;
  await file.read(byte, 0, 1, position);
  await file.write(Buffer.of((byte[0] ?? 0) ^ 1), 0, 1, position);
}

/** Waits until a write gets another time than the segment file has: on some systems 4 ms. */
async function nextTick(folder: string): Promise<void> {
  const probe = join(folder, 'probe');
  const written = await stat(segmentFile(folder, made));
  do await writeFile(probe, 'x');
  while ((await stat(probe)).mtimeMs === written.mtimeMs);
}

/** Opens a store that holds all of `made` in `folder`; `reopened`, as the next run finds it. */
async function storeWithMade(t: ExecutionContext, { isReopened = false } = {}) {
  const folder = await temporaryFolder(t);
  const log = notedLog();
  let store = await openStore(t, { folder }, { log });
  await storeMade(store, made);
  if (isReopened) {
    await store[Symbol.asyncDispose]();
    store = await openStore(t, { folder }, { log });
  }
  return { folder, store, log };
}

for (const isReopened of [false, true]) {
  const when = isReopened ? 'before the store opened' : 'while the store was open';

  test(`a bit flipped ${when} is never read, and its block is forgotten`, async (t) => {
    const { folder, store, log } = await storeWithMade(t, { isReopened });
    await flipBit(folder, 2);
    using segment = openMade(store, made);
    const { version } = segment;
    const damaged = once(store.events, 'block-damaged');
    t.is(await segment.read(2), undefined);
    const [event] = await damaged;
    t.deepEqual(event, { segmentId: Buffer.from(made.keys.segmentId), blockIndex: 2 });
    t.deepEqual(log.warnings, ['block damaged on disk']);
    t.false(segment.blocks.has(2));
    t.true(segment.version > version);
    sameBytes(t, (await segment.read(3))?.bytes, plainOf(made, 3));
    await segment.put([blockOf(made, 2)]);
    sameBytes(t, (await segment.read(2))?.bytes, plainOf(made, 2));
  });

  test(`a bit flipped ${when} is never served`, async (t) => {
    const { folder, store } = await storeWithMade(t, { isReopened });
    await flipBit(folder, 2);
    using segment = openMade(store, made);
    const run = await segment.readSealed({ firstBlock: 0, count: 4 });
    t.is(run?.count, 2);
    sameBytes(t, run?.bytes, Buffer.concat([sealedBlockOf(made, 0), sealedBlockOf(made, 1)]));
    t.is(await segment.readSealed({ firstBlock: 2, count: 1 }), undefined);
    const last = await segment.readSealed({ firstBlock: 3, count: 1 });
    sameBytes(t, last?.bytes, sealedBlockOf(made, 3));
  });

  test(`a file cut short ${when} loses the blocks past its end`, async (t) => {
    const { folder, store } = await storeWithMade(t, { isReopened });
    await truncate(segmentFile(folder, made), SEALED_BLOCK_BYTES + 5);
    using segment = openMade(store, made);
    // A used buffer, in which the missing block lies from the last answer: it must not be seen.
    const into = Buffer.concat([0, 1, 2, 3].map((index) => sealedBlockOf(made, index)));
    t.is((await segment.readSealed({ firstBlock: 0, count: 4, into }))?.count, 1);
    t.is(segment.blocks.size, 1);
    t.is(await segment.read(3), undefined);
    await segment.put(allBlocksOf(made));
    sameBytes(t, (await segment.read(3))?.bytes, plainOf(made, 3));
  });
}

test('a change is noticed even when the time of modification was set back', async (t) => {
  const { folder, store } = await storeWithMade(t);
  using segment = openMade(store, made);
  await utimes(segmentFile(folder, made), 1e9, 1e9);
  t.is((await segment.readSealed({ firstBlock: 0, count: 4 }))?.count, 4);
  await flipBit(folder, 0);
  await utimes(segmentFile(folder, made), 1e9, 1e9);
  t.is(await segment.readSealed({ firstBlock: 0, count: 1 }), undefined);
});

test('what was changed before our own write is checked after it too', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, { folder });
  await storeMade(
    store,
    made,
    [0, 1, 2].map((index) => blockOf(made, index)),
  );
  await flipBit(folder, 1);
  using segment = openMade(store, made);
  await segment.put([blockOf(made, 3)]);
  t.is((await segment.readSealed({ firstBlock: 0, count: 4 }))?.count, 1);
  t.is((await segment.readSealed({ firstBlock: 2, count: 4 }))?.count, 2);
});

test('a block that a peer calls damaged is checked although nobody touched the file', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, { folder });
  const { block } = blockOf(made, 0);
  // Whoever put it lied about how it was sealed; nothing else can damage a file unseen.
  await storeMade(store, made, [{ block, sealed: Buffer.alloc(SEALED_BLOCK_BYTES) }]);
  using segment = openMade(store, made);
  t.is((await segment.readSealed({ firstBlock: 0, count: 1 }))?.count, 1);
  t.is(await segment.readSealed({ firstBlock: 0, count: 1, isSuspect: true }), undefined);
  t.is(segment.blocks.size, 0);
  await segment.put([{ block }]);
  const run = await segment.readSealed({ firstBlock: 0, count: 1, isSuspect: true });
  sameBytes(t, run?.bytes, sealedBlockOf(made, 0));
});

test('blocks of an earlier run are checked once and then given out unchecked', async (t) => {
  const { store } = await storeWithMade(t, { isReopened: true });
  using segment = openMade(store, made);
  const first = await segment.readSealed({ firstBlock: 0, count: 4 });
  t.is(first?.count, 4);
  const second = await segment.readSealed({ firstBlock: 0, count: 4 });
  sameBytes(t, second?.bytes, first?.bytes);
});

test('a segment file that was deleted before the store opened is forgotten', async (t) => {
  const { folder, store } = await storeWithMade(t);
  await store[Symbol.asyncDispose]();
  await rm(segmentFile(folder, made));
  const log = notedLog();
  const next = await openStore(t, { folder }, { log });
  t.deepEqual(next.usage(), { segments: 0, usedBytes: 0 });
  t.deepEqual(log.warnings, ['store index and segment files differed']);
});

test('when the folder is deleted under it the store goes on', async (t) => {
  const { folder, store, log } = await storeWithMade(t, { isReopened: true });
  await rm(folder, { recursive: true });
  using segment = openMade(store, made);
  t.is(await segment.read(0), undefined);
  t.is(segment.blocks.size, 0);
  t.deepEqual(log.warnings, ['segment file not read']);
  await segment.put(allBlocksOf(made));
  sameBytes(t, (await segment.read(0))?.bytes, plainOf(made, 0));
  const other = makeSegment(2);
  await storeMade(store, other);
  using found = store.find(other.keys.segmentId);
  sameBytes(t, (await found?.read(1))?.bytes, plainOf(other, 1));
  await t.notThrowsAsync(async () => store[Symbol.asyncDispose]());
});

test('blocks that were read from a file while it was deleted are right', async (t) => {
  const { folder, store } = await storeWithMade(t);
  using segment = openMade(store, made);
  await segment.read(0);
  await rm(join(folder, 'segments'), { recursive: true });
  const run = await segment.readSealed({ firstBlock: 0, count: 4 });
  sameBytes(t, run?.bytes, Buffer.concat([0, 1, 2, 3].map((index) => sealedBlockOf(made, index))));
});

test('files and folders are for their owner alone', async (t) => {
  const parent = await temporaryFolder(t);
  const folder = join(parent, 'deep', 'store');
  const store = await openStore(t, { folder });
  await storeMade(store, made);
  t.is(await mode(folder), 0o700);
  t.is(await mode(join(folder, 'segments')), 0o700);
  t.is(await mode(segmentFile(folder, made)), 0o600);
  t.is(await mode(indexFile(folder)), 0o600);
  t.is(await mode(`${indexFile(folder)}-wal`), 0o600);
});

async function mode(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

test('a check finds the damaged block, and finds it forgotten the next time', async (t) => {
  const { folder, store } = await storeWithMade(t, { isReopened: true });
  const { signal } = new AbortController();
  await flipBit(folder, 2);
  const { segmentId } = made.keys;
  t.deepEqual(await store.check(segmentId, { signal }), { checkedBlocks: 4, damagedBlocks: 1 });
  t.deepEqual(await store.check(segmentId, { signal }), { checkedBlocks: 3, damagedBlocks: 0 });
});
