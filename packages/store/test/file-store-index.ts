import { access, copyFile, mkdir, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BLOCK_BYTES, DAY_MS, SEALED_BLOCK_BYTES } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import type { BlockStore } from '../src/index.ts';
import { indexFile, notedLog, openStore, segmentFile } from './helpers/file-stores.ts';
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

const made = makeSegment(1, 3 * BLOCK_BYTES + 7);

test('blocks, list, time, use and pin survive a restart', async (t) => {
  const folder = await temporaryFolder(t);
  let nowMs = 1_000_000;
  const now = (): number => nowMs;
  const first = await openStore(t, { folder }, { now });
  {
    using segment = openMade(first, made, 2_000_000);
    await segment.putBlockHashList(made.blockHashList);
    await segment.put([0, 1, 3].map((index) => blockOf(made, index)));
  }
  first.setPinned(made.keys.segmentId, true);
  const usage = first.usage();
  await first[Symbol.asyncDispose]();

  nowMs = 1_999_999;
  const next = await openStore(t, { folder }, { now });
  t.deepEqual(next.usage(), usage);
  sameBytes(t, next.proofKeyOf(made.keys.segmentId), made.keys.proofKey);
  using segment = next.find(made.keys.segmentId);
  t.deepEqual(
    [0, 1, 2, 3].map((index) => segment?.blocks.has(index)),
    [true, true, false, true],
  );
  sameBytes(t, segment?.blockHashList, made.blockHashList);
  sameBytes(t, (await segment?.read(3))?.bytes, plainOf(made, 3));
  segment?.[Symbol.dispose]();
  await next.clear();
  t.is(next.usage().segments, 1, 'it is pinned');
  nowMs = 2_000_000;
  t.is(next.find(made.keys.segmentId), undefined);
});

test('after a restart the segment that was used longest ago still goes first', async (t) => {
  const folder = await temporaryFolder(t);
  let nowMs = 1e12;
  const now = (): number => nowMs++;
  const limitBytes = 3 * (2 * SEALED_BLOCK_BYTES + 64);
  const first = await openStore(t, { folder, limitBytes }, { now });
  const [a, b, c, d] = [makeSegment(1), makeSegment(2), makeSegment(3), makeSegment(4)];
  for (const each of [a, b, c]) await storeMade(first, each);
  await read(first, a);
  await first[Symbol.asyncDispose]();
  const next = await openStore(t, { folder, limitBytes }, { now });
  await storeMade(next, d);
  t.deepEqual(
    [a, b, c, d].map(({ keys }) => next.proofKeyOf(keys.segmentId) !== undefined),
    [true, false, true, true],
  );
});

test('what is too old goes when the store opens; a long absence counts for a day', async (t) => {
  const folder = await temporaryFolder(t);
  let nowMs = 1e12;
  const now = (): number => nowMs;
  const [old, used] = [makeSegment(1), makeSegment(2)];
  const first = await openStore(t, { folder, maxAgeMs: 5 * DAY_MS }, { now });
  await storeMade(first, old);
  await storeMade(first, used);
  for (let day = 1; day <= 4; day++) {
    nowMs += DAY_MS;
    await read(first, used);
  }
  await first[Symbol.asyncDispose]();
  nowMs += 300 * DAY_MS;
  const soon = await openStore(t, { folder, maxAgeMs: 5 * DAY_MS }, { now });
  t.is(soon.usage().segments, 2, 'five days by now, and not more');
  await read(soon, used);
  await soon[Symbol.asyncDispose]();
  nowMs += DAY_MS;
  const later = await openStore(t, { folder, maxAgeMs: 5 * DAY_MS }, { now });
  t.is(later.proofKeyOf(old.keys.segmentId), undefined);
  t.truthy(later.proofKeyOf(used.keys.segmentId));
  await t.throwsAsync(access(segmentFile(folder, old)));
});

test('what was evicted or cleared leaves neither row nor file', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, { folder });
  await storeMade(store, made);
  await store.clear();
  await t.throwsAsync(access(segmentFile(folder, made)));
  await store[Symbol.asyncDispose]();
  const log = notedLog();
  const next = await openStore(t, { folder }, { log });
  t.deepEqual(next.usage(), { segments: 0, usedBytes: 0 });
  t.deepEqual(log.warnings, []);
});

test('a segment file that no row names is deleted, and nothing else in the folder', async (t) => {
  const folder = await temporaryFolder(t);
  const orphan = segmentFile(folder, makeSegment(9));
  const notes = join(folder, 'segments', 'notes.txt');
  await mkdir(dirname(orphan), { recursive: true });
  const stray = join(folder, 'segments', makeSegment(9).key.startsWith('00') ? '01' : '00');
  for (const path of [orphan, notes, stray, join(folder, 'photo.jpg')]) await writeFile(path, 'x');
  const log = notedLog();
  await openStore(t, { folder }, { log });
  await t.throwsAsync(access(orphan));
  await t.notThrowsAsync(
    Promise.all([access(notes), access(stray), access(join(folder, 'photo.jpg'))]),
  );
  t.deepEqual(log.warnings, ['store index and segment files differed']);
});

const DAMAGED = 'store index damaged, beginning a new one';
const DIFFERED = 'store index and segment files differed';
const DAMAGES: Record<
  string,
  { damage: (path: string) => void | Promise<void>; warnings: string[] }
> = {
  'that is garbage': {
    damage: (path) => writeFile(path, Buffer.alloc(50_000, 'garbage')),
    warnings: [DAMAGED, DIFFERED],
  },
  'of no bytes': { damage: (path) => truncate(path, 0), warnings: [DIFFERED] },
  'cut in the middle': {
    damage: async (path) => truncate(path, (await stat(path)).size - 4096),
    warnings: [DAMAGED, DIFFERED],
  },
  'of a later version': {
    damage: (path) => alter(path, 'PRAGMA user_version = 99'),
    warnings: [DAMAGED, DIFFERED],
  },
  'that belongs to another program': {
    damage: (path) => alter(path, 'PRAGMA user_version = 0'),
    warnings: [DAMAGED, DIFFERED],
  },
  'without a table': {
    damage: (path) => alter(path, 'DROP TABLE block_hash_lists'),
    warnings: [DAMAGED, DIFFERED],
  },
  'that was deleted': { damage: (path) => rm(path), warnings: [DIFFERED] },
};

for (const [which, { damage, warnings }] of Object.entries(DAMAGES)) {
  test(`an index ${which} costs what it named, and no more`, async (t) => {
    const folder = await temporaryFolder(t);
    const first = await openStore(t, { folder });
    await storeMade(first, made);
    await first[Symbol.asyncDispose]();
    await damage(indexFile(folder));
    const log = notedLog();
    const next = await openStore(t, { folder }, { log });
    t.deepEqual(log.warnings, warnings);
    t.deepEqual(next.usage(), { segments: 0, usedBytes: 0 });
    await t.throwsAsync(access(segmentFile(folder, made)));
    await storeMade(next, made);
    await next[Symbol.asyncDispose]();
    const last = await openStore(t, { folder });
    sameBytes(t, (await read(last, made, 2))?.bytes, plainOf(made, 2));
  });
}

const ROW_DAMAGES = {
  'names another secret': `UPDATE segments SET segment_secret = randomblob(32)`,
  'has another proof key': `UPDATE segments SET proof_key = randomblob(32)`,
  'lost its block hash list': `DELETE FROM block_hash_lists`,
  'has a damaged block hash list': `UPDATE block_hash_lists SET block_hash_list = randomblob(128)`,
};

for (const [what, sql] of Object.entries(ROW_DAMAGES)) {
  test(`a segment whose row ${what} is forgotten and can be stored again`, async (t) => {
    const folder = await temporaryFolder(t);
    const first = await openStore(t, { folder });
    await storeMade(first, made);
    await first[Symbol.asyncDispose]();
    alter(indexFile(folder), sql);
    const log = notedLog();
    const next = await openStore(t, { folder }, { log });
    t.is(next.find(made.keys.segmentId), undefined);
    t.deepEqual(log.warnings, ['segment forgotten, its index row is damaged']);
    await storeMade(next, made);
    await next[Symbol.asyncDispose]();
    const last = await openStore(t, { folder });
    sameBytes(t, (await read(last, made, 1))?.bytes, plainOf(made, 1));
  });
}

test('a log that another version left behind does not come into the next index', async (t) => {
  const folder = await temporaryFolder(t);
  await storeMade(await openStore(t, { folder }), made);
  const other = new Database(indexFile(await crashedCopy(t, folder)));
  t.teardown(() => other.close());
  other.pragma('wal_checkpoint(TRUNCATE)');
  other.pragma('user_version = 99');
  const crashed = await temporaryFolder(t);
  for (const suffix of ['', '-wal']) {
    await copyFile(other.name + suffix, indexFile(crashed) + suffix);
  }
  const log = notedLog();
  const store = await openStore(t, { folder: crashed }, { log });
  t.deepEqual(log.warnings, [DAMAGED], 'and not that a row lacked its file');
  await storeMade(store, made);
  await store[Symbol.asyncDispose]();
  const next = await openStore(t, { folder: crashed });
  t.is(next.usage().segments, 1);
});

test('more segments than are kept loaded, or open, come back all the same', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openStore(t, { folder });
  const segments = Array.from({ length: 1100 }, (_, number) => makeSegment(number, 100));
  using held = openMade(store, segments[0] ?? made);
  const { blocks } = held;
  for (const each of segments) await storeMade(store, each);
  t.is(blocks.size, 1);
  for (const each of segments) {
    sameBytes(t, (await read(store, each))?.bytes, plainOf(each, 0));
  }
  t.is(openMade(store, segments[0] ?? made).blocks, blocks);
});

test('rows that can be no segment are dropped', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await openStore(t, { folder });
  await storeMade(first, made);
  await first[Symbol.asyncDispose]();
  alter(indexFile(folder), `UPDATE segments SET size_bytes = 1e12`);
  const next = await openStore(t, { folder });
  t.deepEqual(next.usage(), { segments: 0, usedBytes: 0 });
});

test('one damaged index is set aside, the next takes its place', async (t) => {
  const folder = await temporaryFolder(t);
  for (const text of ['first', 'second']) {
    await writeFile(indexFile(folder), text.padEnd(5000, '.'));
    const store = await openStore(t, { folder });
    await store[Symbol.asyncDispose]();
  }
  const names = (await readdir(folder)).filter((name) => name.startsWith('index.db'));
  t.deepEqual(names.toSorted(), ['index.db', 'index.db.damaged']);
});

test('rows are saved soon, without the store being closed', async (t) => {
  const folder = await temporaryFolder(t);
  await storeMade(await openStore(t, { folder }), made);
  await t.notThrowsAsync(crashedCopy(t, folder));
});

/** A copy of the index as a crash would leave it, once a row is in it. */
async function crashedCopy(t: ExecutionContext, folder: string): Promise<string> {
  const copy = await temporaryFolder(t);
  const trial = await temporaryFolder(t);
  for (let rows = 0; rows === 0;) {
    // A turn of the event loop each time, until the timer of the index has had its own.
    await new Promise(setImmediate);
    for (const suffix of ['', '-wal']) {
      await copyFile(indexFile(folder) + suffix, indexFile(copy) + suffix);
      await copyFile(indexFile(copy) + suffix, indexFile(trial) + suffix);
    }
    rows = countRows(indexFile(trial));
  }
  return copy;
}

function countRows(path: string): number {
  const database = new Database(path);
  const { length } = database.prepare('SELECT 1 FROM segments').all();
  database.close();
  return length;
}

async function read(store: BlockStore, { keys }: MadeSegment, blockIndex = 0) {
  using segment = store.find(keys.segmentId);
  return await segment?.read(blockIndex);
}

function alter(path: string, sql: string): void {
  const database = new Database(path);
  database.exec(sql);
  database.close();
}
