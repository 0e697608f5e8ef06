import { access, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SEGMENT_BYTES } from '@peer-cache/core';
import test from 'ava';
import type { BlockToStore } from '../src/index.ts';
import { openStore, segmentFile } from './helpers/file-stores.ts';
import {
  blockOf,
  makeSegment,
  openMade,
  plainOf,
  sameBytes,
  storeMade,
  temporaryFolder,
} from './helpers/segments.ts';
import type { MadeSegment } from './helpers/segments.ts';

const ONE_AND_A_HALF = 1.5 * SEGMENT_BYTES;

test('a whole segment gives its file to the next, and none of its bytes', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, { folder, limitBytes: ONE_AND_A_HALF });
  const [a, b] = [makeSegment(1, SEGMENT_BYTES), makeSegment(2, SEGMENT_BYTES)];
  await storeMade(store, a);
  const { ino } = await stat(segmentFile(folder, a));
  const { usedBytes } = store.usage();
  using segment = openMade(store, b);
  await segment.putBlockHashList(b.blockHashList);
  await segment.put(blocksOf(b, 0, 511));
  t.is((await stat(segmentFile(folder, b))).ino, ino);
  await t.throwsAsync(access(segmentFile(folder, a)));
  t.is(store.usage().usedBytes, usedBytes, 'the file counts whole from the start');
  t.is(await segment.read(511), undefined);
  t.is((await segment.readSealed({ firstBlock: 0, count: 512 }))?.count, 511);
  await segment.put(blocksOf(b, 511, 512));
  t.is(store.usage().usedBytes, usedBytes);
  const run = await segment.readSealed({ firstBlock: 0, count: 512, isSuspect: true });
  t.is(run?.count, 512);
});

test('a segment that has a file already gets no other', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, { folder, limitBytes: ONE_AND_A_HALF });
  const [a, b] = [makeSegment(1, SEGMENT_BYTES), makeSegment(2, SEGMENT_BYTES)];
  await storeMade(store, a);
  await storeMade(store, b, blocksOf(b, 0, 200));
  const { ino } = await stat(segmentFile(folder, b));
  await storeMade(store, b, blocksOf(b, 200, 512));
  t.is((await stat(segmentFile(folder, b))).ino, ino);
  t.is(store.usage().segments, 1);
  using segment = store.find(b.keys.segmentId);
  const run = await segment?.readSealed({ firstBlock: 0, count: 512, isSuspect: true });
  t.is(run?.count, 512);
});

test('the file of a segment that is not whole is deleted', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, { folder, limitBytes: SEGMENT_BYTES / 2 });
  const [a, b] = [makeSegment(1, SEGMENT_BYTES), makeSegment(2, SEGMENT_BYTES)];
  await storeMade(store, a, blocksOf(a, 0, 200));
  await storeMade(store, b, blocksOf(b, 0, 200));
  await t.throwsAsync(access(segmentFile(folder, a)));
  const names = await readdir(join(folder, 'segments'), { recursive: true });
  t.deepEqual(
    names.filter((name) => name.length > 2),
    [join(b.key.slice(0, 2), b.key)],
  );
  using segment = store.find(b.keys.segmentId);
  sameBytes(t, (await segment?.read(199))?.bytes, plainOf(b, 199));
});

test('a segment that is asked for while its file goes to another starts afresh', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, { folder, limitBytes: 2.2 * SEGMENT_BYTES });
  const a = makeSegment(1, SEGMENT_BYTES);
  const b = makeSegment(2, SEGMENT_BYTES);
  const c = makeSegment(3, SEGMENT_BYTES);
  await storeMade(store, a);
  await storeMade(store, b);
  store.events.on('segment-evicted', () => {
    // In the middle of the eviction: its file is just being renamed.
    void storing.push(storeMade(store, a, [blockOf(a, 0)]));
  });
  const storing = [storeMade(store, c)];
  await storing[0];
  await Promise.all(storing);
  using again = store.find(a.keys.segmentId);
  using other = store.find(c.keys.segmentId);
  t.is(again?.blocks.size, 1);
  sameBytes(t, (await again?.read(0))?.bytes, plainOf(a, 0));
  t.is((await other?.readSealed({ firstBlock: 0, count: 512, isSuspect: true }))?.count, 512);
});

function blocksOf(made: MadeSegment, firstBlock: number, endBlock: number): BlockToStore[] {
  return Array.from({ length: endBlock - firstBlock }, (_, place) =>
    blockOf(made, firstBlock + place),
  );
}
