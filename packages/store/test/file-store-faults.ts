import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BLOCK_BYTES, blockCount, KIB, MIB } from '@peer-cache/core';
import test from 'ava';
import { openFileBlockStore } from '../src/index.ts';
import { CHILD_SEGMENT_BYTES, CHILD_STORE_BYTES, storeChild } from './helpers/children.ts';
import { notedLog, openStore } from './helpers/file-stores.ts';
import { mountReadOnly, mountSmallDisk, noMountsReason } from './helpers/mounts.ts';
import {
  allBlocksOf,
  blockOf,
  freshSeed,
  makeSegment,
  openMade,
  plainOf,
  sealedBlockOf,
  sameBytes,
  storeMade,
  temporaryFolder,
} from './helpers/segments.ts';

test('a second process is told at once that the store is in use, and gets it when it is free', async (t) => {
  const folder = await temporaryFolder(t);
  const child = storeChild(t, folder, 'hold');
  t.is((await child.lines.next()).value, 'open');
  await t.throwsAsync(openStore(t, { folder }), {
    code: 'STORE_IN_USE',
    message: new RegExp(folder),
  });
  await child.kill();
  await t.notThrowsAsync(openStore(t, { folder }));
});

test('a second store of one process in one folder is refused, and the first stays locked', async (t) => {
  const folder = await temporaryFolder(t);
  const made = makeSegment(1);
  const store = await openStore(t, { folder });
  await storeMade(store, made);
  await t.throwsAsync(openStore(t, { folder }), { code: 'STORE_IN_USE' });
  const child = storeChild(t, folder, 'hold');
  t.is((await child.lines.next()).value, 'STORE_IN_USE');
  using segment = store.find(made.keys.segmentId);
  sameBytes(t, (await segment?.read(0))?.bytes, plainOf(made, 0));
});

test('after kill -9 in the middle of writing no wrong block is read', async (t) => {
  const folder = await temporaryFolder(t);
  const seed = freshSeed(t);
  const child = storeChild(t, folder, 'write');
  // More than fit, so that it evicts too; more than 512, so that some of the index is written.
  const count = 550 + (Math.abs(seed) % 100);
  let stored = 0;
  t.is((await child.lines.next()).value, 'open');
  while (stored < count) stored = Number((await child.lines.next()).value);
  await child.kill();

  const store = await openStore(t, { folder, limitBytes: CHILD_STORE_BYTES });
  let blocks = 0;
  for (let number = 0; number <= stored + 50; number++) {
    const made = makeSegment(number, CHILD_SEGMENT_BYTES);
    using segment = store.find(made.keys.segmentId);
    for (const index of Array(blockCount(made.sizeBytes)).keys()) {
      const run = await segment?.readSealed({ firstBlock: index, count: 1 });
      if (run) sameBytes(t, run.bytes, sealedBlockOf(made, index));
      const block = await segment?.read(index);
      if (block) sameBytes(t, block.bytes, plainOf(made, index));
      if (block) blocks++;
    }
  }
  t.log(`${blocks} blocks were left`);
  t.true(blocks > 0);
  t.true(store.usage().usedBytes <= CHILD_STORE_BYTES);
});

test('a folder that is a file, or lies in one, is named as unwritable', async (t) => {
  const file = join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  for (const folder of [file, join(file, 'store')]) {
    const error = { code: 'STORE_UNWRITABLE', message: new RegExp(folder) };
    await t.throwsAsync(openStore(t, { folder }), error);
  }
});

test('a folder that becomes unwritable fails the put and not the reads', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, { folder });
  const [a, b] = [makeSegment(1), makeSegment(2)];
  await storeMade(store, a);
  await rm(join(folder, 'segments', b.key.slice(0, 2)), { recursive: true, force: true });
  await writeFile(join(folder, 'segments', b.key.slice(0, 2)), 'in the way');
  await t.throwsAsync(storeMade(store, b), {
    code: 'STORE_UNWRITABLE',
    message: new RegExp(folder),
  });
  using segment = store.find(a.keys.segmentId);
  sameBytes(t, (await segment?.read(0))?.bytes, plainOf(a, 0));
});

const reason = noMountsReason();
const testWithMounts = reason === undefined ? test : test.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

testWithMounts(
  `a full disk makes the store evict, and is an error once nothing may go${skipped}`,
  async (t) => {
    const folder = await temporaryFolder(t);
    mountSmallDisk(t, folder, 4 * MIB);
    const log = notedLog();
    const store = await openFileBlockStore({ log }, { folder, limitBytes: 100 * MIB });
    const [a, b] = [makeSegment(1, 2 * MIB), makeSegment(2, 2 * MIB)];
    await storeMade(store, a);
    // The disk has room for a and not for b, so a goes.
    await storeMade(store, b);
    t.is(store.proofKeyOf(a.keys.segmentId), undefined);
    using held = openMade(store, b);
    await t.throwsAsync(storeMade(store, a), { code: 'STORE_FULL', message: new RegExp(folder) });
    for (let index = 0; index < blockCount(b.sizeBytes); index++) {
      sameBytes(t, (await held.read(index))?.bytes, plainOf(b, index));
    }
    held[Symbol.dispose]();
    await storeMade(store, a);
    using found = store.find(a.keys.segmentId);
    t.true(found?.blocks.isFull);
    await store[Symbol.asyncDispose]();
  },
);

testWithMounts(`a disk too full for an index is an error with a name${skipped}`, async (t) => {
  const folder = await temporaryFolder(t);
  mountSmallDisk(t, folder, 64 * KIB);
  await writeFile(join(folder, 'filler'), Buffer.alloc(64 * KIB)).catch(() => {});
  await t.throwsAsync(openStore(t, { folder }), {
    code: 'STORE_FULL',
    message: new RegExp(folder),
  });
});

testWithMounts(`the share of the disk for others is left free${skipped}`, async (t) => {
  const folder = await temporaryFolder(t);
  mountSmallDisk(t, folder, 8 * MIB);
  const log = notedLog();
  const options = { folder, limitBytes: 100 * MIB, keepFreeFraction: 0.5 };
  const store = await openFileBlockStore({ log }, options);
  for (let number = 0; number < 8; number++) await storeMade(store, makeSegment(number, MIB));
  t.true(store.usage().segments >= 2);
  t.true(store.usage().usedBytes <= 4 * MIB);
  await store[Symbol.asyncDispose]();
});

testWithMounts(
  `a read-only folder is named as unwritable when the store opens${skipped}`,
  async (t) => {
    const folder = await temporaryFolder(t);
    mountReadOnly(t, folder);
    for (const each of [folder, join(folder, 'store')]) {
      const error = { code: 'STORE_UNWRITABLE', message: new RegExp(`${each} .*EROFS`) };
      await t.throwsAsync(openStore(t, { folder: each }), error);
    }
  },
);

testWithMounts(
  `a disk that becomes read-only fails the put, not what is held open${skipped}`,
  async (t) => {
    const folder = await temporaryFolder(t);
    const store = await openStore(t, { folder });
    const made = makeSegment(1, 4 * BLOCK_BYTES);
    await storeMade(store, made, [blockOf(made, 0)]);
    mountReadOnly(t, join(folder, 'segments'));
    const other = makeSegment(2);
    await t.throwsAsync(storeMade(store, other), { code: 'STORE_UNWRITABLE', message: /EROFS/ });
    using segment = openMade(store, made);
    sameBytes(t, (await segment.read(0))?.bytes, plainOf(made, 0));
    await store[Symbol.asyncDispose]();
  },
);

test('a store that failed to write takes the blocks when it can', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, { folder });
  const made = makeSegment(1);
  const obstacle = join(folder, 'segments', made.key.slice(0, 2));
  await writeFile(obstacle, '');
  using segment = openMade(store, made);
  await segment.putBlockHashList(made.blockHashList);
  const { usedBytes } = store.usage();
  await t.throwsAsync(segment.put(allBlocksOf(made)), { code: 'STORE_UNWRITABLE' });
  t.is(store.usage().usedBytes, usedBytes);
  t.is(segment.blocks.size, 0);
  await rm(obstacle);
  await segment.put(allBlocksOf(made));
  sameBytes(t, (await segment.read(1))?.bytes, plainOf(made, 1));
});
