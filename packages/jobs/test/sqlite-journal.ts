import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MIB, silentLog } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { openJournalFile } from '../src/journal/journal-schema.ts';
import { openSqliteJournal } from '../src/journal/sqlite-journal.ts';
import type { SqliteJournal } from '../src/journal/sqlite-journal.ts';
import {
  ERROR,
  everythingOf,
  fileRecord,
  FULL_FILES,
  FULL_JOB,
  jobRecord,
  journalContract,
  kept,
} from './journal-contract.ts';

journalContract(test, async (t, options) => {
  const journal = openSqliteJournal(await journalPath(t), options);
  t.teardown(() => journal[Symbol.dispose]());
  return journal;
});

test('everything is there when the journal is opened again', async (t) => {
  const path = await journalPath(t);
  const first = opened(t, path, { now: () => 5000 });
  fill(first);
  const before = everythingOf(first, FULL_JOB.id);
  first[Symbol.dispose]();
  const next = opened(t, path);
  t.deepEqual(next.jobs(), [FULL_JOB]);
  t.deepEqual(everythingOf(next, FULL_JOB.id), before);
  t.is(next.lastSavedMs(), 5000);
});

/** What makes a journal one of an earlier version. */
const WITHOUT_LIMITS =
  "UPDATE jobs SET settings = json_remove(settings, '$.limit', '$.costPolicy')";
const WITHOUT_UPLOADS = 'ALTER TABLE files DROP COLUMN upload';
const WITHOUT_MIRRORS = 'ALTER TABLE files DROP COLUMN mirrors';
const EARLIER: readonly string[] = [
  `${WITHOUT_LIMITS}; ${WITHOUT_UPLOADS}; ${WITHOUT_MIRRORS}; PRAGMA user_version = 1`,
  `${WITHOUT_LIMITS}; ${WITHOUT_UPLOADS}; PRAGMA user_version = 2`,
  `${WITHOUT_UPLOADS}; PRAGMA user_version = 3`,
];
for (const [index, change] of EARLIER.entries()) {
  const version = index + 1;
  test(`a journal of version ${version} is gone on with`, async (t) => {
    const path = await journalPath(t);
    const first = opened(t, path);
    fill(first);
    const before = everythingOf(first, FULL_JOB.id);
    first[Symbol.dispose]();
    alter(path, change);
    const newer = version < 3 ? (['limit', 'costPolicy'] as const) : [];
    const job = { ...FULL_JOB, settings: without(FULL_JOB.settings, ...newer) };
    const files = FULL_FILES.map((file) => {
      const sent = without(file, 'upload');
      return version === 1 ? without(sent, 'mirrors') : sent;
    });
    for (let times = 0; times < 2; times++) {
      const next = opened(t, path);
      t.deepEqual(everythingOf(next, FULL_JOB.id), { ...before, files });
      t.deepEqual(
        next.jobs().find(({ id }) => id === job.id),
        job,
      );
      next[Symbol.dispose]();
    }
    t.is(versionOf(path), 4, 'a version that knows no uploads must not go on with it');
  });
}

test('a process that is killed costs nothing that was written, and says so next time', async (t) => {
  const path = await journalPath(t);
  const first = opened(t, path);
  fill(first);
  const crashed = await crashedCopy(t, path);
  const messages: string[] = [];
  const log = { ...silentLog, info: (_: object, message: string) => messages.push(message) };
  const next = opened(t, crashed, { log });
  t.deepEqual(next.jobs(), [FULL_JOB]);
  t.deepEqual(everythingOf(next, FULL_JOB.id), everythingOf(first, FULL_JOB.id));
  t.deepEqual(messages, ['journal was not closed, went on from its log']);
});

test('a process that is killed within a transaction leaves nothing of it', async (t) => {
  const path = await journalPath(t);
  const first = opened(t, path);
  fill(first);
  const copy = await journalPath(t);
  first.transact(() => {
    first.insertJob(jobRecord(2), []);
    first.keep(FULL_JOB.id, 0, manyLarge());
    copyAsIs(path, copy);
  });
  t.true(statSync(`${copy}-wal`).size > MIB, 'some of it was on the disk');
  const next = opened(t, copy);
  t.deepEqual(next.jobs(), [FULL_JOB]);
  t.is(next.keptSegments(FULL_JOB.id, 0).length, 2);
});

test('a log that is cut anywhere gives the jobs up to there, each whole', async (t) => {
  const path = await journalPath(t);
  const journal = opened(t, path);
  const jobs = Array.from({ length: 20 }, (_, number) => jobRecord(number));
  for (const job of jobs) journal.insertJob(job, [fileRecord(job, 0), fileRecord(job, 1)]);
  const walBytes = statSync(`${path}-wal`).size;
  let most = 0;
  for (let cut = 0; cut <= 16; cut++) {
    const crashed = await crashedCopy(t, path);
    truncateSync(`${crashed}-wal`, Math.floor((walBytes * cut) / 16));
    const next = opened(t, crashed);
    const found = next.jobs();
    t.deepEqual(found, jobs.slice(0, found.length));
    t.true(found.length >= most && found.every(({ id }) => next.files(id).length === 2));
    most = found.length;
    next[Symbol.dispose]();
  }
  t.is(most, jobs.length);
});

test('a journal that is open is refused to others, in this process and in another', async (t) => {
  const path = await journalPath(t);
  const holder = await holdElsewhere(t, path);
  t.throws(() => openSqliteJournal(path), { code: 'JOURNAL_IN_USE' });
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const next = opened(t, path);
  t.is(next.jobs().length, 1, 'what the killed process wrote is there');
  t.throws(() => openSqliteJournal(path), { code: 'JOURNAL_IN_USE' });
  next.insertJob(jobRecord(77), []);
});

test('nobody else can read the files of a journal', async (t) => {
  const path = await journalPath(t);
  writeFileSync(path, '', { mode: 0o644 });
  const journal = opened(t, path);
  fill(journal);
  const names = await readdir(join(path, '..'));
  t.deepEqual(names.toSorted(), ['journal.db', 'journal.db-wal']);
  for (const name of names) {
    const { mode } = await stat(join(path, '..', name));
    t.is(mode & 0o777, 0o600, name);
  }
});

const DAMAGES: Record<string, (path: string) => void> = {
  'that is garbage': (path) => writeFileSync(path, Buffer.alloc(50_000, 'garbage')),
  'cut in the middle': (path) => truncateSync(path, statSync(path).size - 4096),
  'with a page of garbage': (path) => {
    const bytes = readFileSync(path);
    bytes.fill('garbage', 2 * 4096, 3 * 4096);
    writeFileSync(path, bytes);
  },
  'of a later version': (path) => alter(path, 'PRAGMA user_version = 5'),
  'that is another program’s': (path) => {
    rmSync(path);
    alter(path, 'CREATE TABLE notes (text TEXT)');
  },
  'without a table': (path) => alter(path, 'DROP TABLE kept_segments'),
  'without a column': (path) => alter(path, 'ALTER TABLE files DROP COLUMN temporary'),
};

for (const [which, damage] of Object.entries(DAMAGES)) {
  test(`a journal ${which} is not begun anew and not touched`, async (t) => {
    const path = await journalPath(t);
    const journal = opened(t, path);
    fill(journal);
    journal[Symbol.dispose]();
    damage(path);
    const before = readFileSync(path);
    const error = t.throws(() => openSqliteJournal(path), { code: 'JOURNAL_DAMAGED' });
    t.true(error?.message.includes(path));
    t.true(before.equals(readFileSync(path)));
    t.deepEqual(await readdir(join(path, '..')), ['journal.db']);
  });
}

const ROW_DAMAGES: Record<string, { readonly sql: string; readonly field: string }> = {
  'a state of its own': {
    sql: `UPDATE jobs SET state = 'lost-hunter2'`,
    field: `state of job ${FULL_JOB.id}`,
  },
  'settings that are no JSON': {
    sql: `UPDATE jobs SET settings = 'hunter2'`,
    field: `settings of job ${FULL_JOB.id}`,
  },
  'settings without a proxy': {
    sql: `UPDATE jobs SET settings = json_remove(settings, '$.transport.proxy')`,
    field: `settings.transport.proxy of job ${FULL_JOB.id}`,
  },
  'a timer that runs backwards': {
    sql: `UPDATE jobs SET timers = json_set(timers, '$.inactiveMs', -1)`,
    field: `timers.inactiveMs of job ${FULL_JOB.id}`,
  },
  'a truth of two': {
    sql: `UPDATE jobs SET is_completing = 2`,
    field: `is_completing of job ${FULL_JOB.id}`,
  },
  'notifications that are no list': {
    sql: `UPDATE jobs SET settings = json_set(settings, '$.notify', 'hunter2')`,
    field: `settings.notify of job ${FULL_JOB.id}`,
  },
  'half a byte done': {
    sql: `UPDATE files SET done_bytes = -5 WHERE file_index = 1`,
    field: `done_bytes of file 1 of job ${FULL_JOB.id}`,
  },
  'a range without a start': {
    sql: `UPDATE files SET ranges = '[{"startByte":1},{"url":"hunter2"}]' WHERE file_index = 2`,
    field: `ranges[1].startByte of file 2 of job ${FULL_JOB.id}`,
  },
  'headers that are no texts': {
    sql: `UPDATE files SET response_headers = '{"age":5}' WHERE file_index = 0`,
    field: `response_headers.age of file 0 of job ${FULL_JOB.id}`,
  },
  'an error without a code': {
    sql: `UPDATE errors SET error = json_remove(error, '$.code')`,
    field: `error.code of an error of job ${FULL_JOB.id}`,
  },
};

for (const [what, { sql, field }] of Object.entries(ROW_DAMAGES)) {
  test(`a row with ${what} is named, and not what is in it`, async (t) => {
    const path = await journalPath(t);
    const first = opened(t, path);
    fill(first);
    first[Symbol.dispose]();
    alter(path, sql);
    const next = opened(t, path);
    const error = t.throws(() => [next.jobs(), everythingOf(next, FULL_JOB.id)], {
      code: 'JOURNAL_DAMAGED',
    });
    t.true(error?.message.includes(`${field} is `), error?.message);
    t.false(error?.message.includes('hunter2'));
  });
}

test('a number that could not be read again is refused before it is written', async (t) => {
  const journal = opened(t, await journalPath(t));
  fill(journal);
  const timers = { ...FULL_JOB.timers, retryInMs: Infinity };
  t.throws(() => journal.saveJob({ ...FULL_JOB, timers }), { instanceOf: RangeError });
  t.deepEqual(journal.jobs(), [FULL_JOB]);
});

test('a journal is refused on NFS, SMB and CIFS', async (t) => {
  const path = await journalPath(t);
  for (const type of [0x6969, 0x517b, 0xfe534d42, 0xff534d42]) {
    const open = (): void =>
      openJournalFile(path, { log: silentLog, diskTypeOf: () => type }, noUse);
    t.throws(open, { code: 'JOURNAL_NETWORK_DISK' });
  }
  t.deepEqual(await readdir(join(path, '..')), []);
});

test('a journal whose folder is not there, or that is a folder, can’t be written to', async (t) => {
  const path = await journalPath(t);
  const code = 'JOURNAL_UNWRITABLE';
  t.throws(() => openSqliteJournal(join(path, 'journal.db')), { code, message: /ENOENT/ });
  await mkdir(path);
  t.throws(() => openSqliteJournal(path), { code, message: /CANTOPEN/ });
});

const withSmallDisk = process.platform === 'linux' && process.getuid?.() === 0 ? test : test.skip;

withSmallDisk(
  'a full disk undoes what was being written, and is no more once there is room',
  async (t) => {
    const { journal, ballast } = await fullDisk(t);
    const before = everythingOf(journal, FULL_JOB.id);
    const full = { code: 'JOURNAL_FULL', message: /journal\.db/ };
    const work = (): void => {
      journal.saveJob({ ...FULL_JOB, state: 'error' });
      for (let index = 0; index < 1000; index++) journal.keep(FULL_JOB.id, 0, [large(index)]);
    };
    t.like(
      t.throws(() => journal.transact(work), full),
      { transient: true },
    );
    t.deepEqual(journal.jobs(), [FULL_JOB]);
    t.deepEqual(everythingOf(journal, FULL_JOB.id), before);
    rmSync(ballast);
    journal.saveJob({ ...FULL_JOB, state: 'error' });
    t.is(journal.jobs()[0]?.state, 'error');
  },
);

withSmallDisk(
  'whoever goes on after a full disk within a transaction writes nothing',
  async (t) => {
    const { journal } = await fullDisk(t);
    const code = 'JOURNAL_FULL';
    const work = (): void => {
      t.throws(() => journal.keep(FULL_JOB.id, 0, manyLarge()), { code });
      t.throws(() => journal.saveJob({ ...FULL_JOB, state: 'error' }), { code });
    };
    t.throws(() => journal.transact(work), { code });
    t.deepEqual(journal.jobs(), [FULL_JOB]);
  },
);

withSmallDisk('a write that finds the disk full is no time of the last write', async (t) => {
  let nowMs = 0;
  const { journal } = await fullDisk(t, () => ++nowMs);
  let savedMs: number | undefined;
  const work = (): void => {
    for (let index = 0; index < 1000; index++) {
      savedMs = journal.lastSavedMs();
      journal.keep(FULL_JOB.id, 0, [large(index)]);
    }
  };
  t.throws(work, { code: 'JOURNAL_FULL' });
  t.is(journal.lastSavedMs(), savedMs);
});

/** A journal on a disk of its own with some room left, and what to delete for more. */
async function fullDisk(t: ExecutionContext, now = Date.now) {
  const folder = join(await journalPath(t), '..');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
  t.teardown(() => execFileSync('umount', ['--lazy', folder]));
  const ballast = join(folder, 'ballast');
  writeFileSync(ballast, Buffer.alloc(512 * 1024));
  const journal = opened(t, join(folder, 'journal.db'), { now });
  fill(journal);
  return { journal, ballast };
}

/** More than SQLite keeps in memory before it writes within a transaction. */
function manyLarge() {
  return Array.from({ length: 2000 }, (_, index) => large(index));
}

function large(segmentIndex: number) {
  return { segmentIndex, blocks: randomBytes(64), blockHashes: randomBytes(16_384) };
}

function fill(journal: SqliteJournal): void {
  journal.insertJob(FULL_JOB, FULL_FILES);
  journal.keep(FULL_JOB.id, 0, [kept(0), kept(1)]);
  journal.noteError(FULL_JOB.id, ERROR);
}

function opened(
  t: ExecutionContext,
  path: string,
  options: Parameters<typeof openSqliteJournal>[1] = {},
): SqliteJournal {
  const journal = openSqliteJournal(path, options);
  t.teardown(() => journal[Symbol.dispose]());
  return journal;
}

async function journalPath(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'peer-cache-journal-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'journal.db');
}

/** The files as they are now, elsewhere: as a process that is killed would leave them. */
async function crashedCopy(t: ExecutionContext, path: string): Promise<string> {
  const copy = await journalPath(t);
  copyAsIs(path, copy);
  return copy;
}

function copyAsIs(path: string, copy: string): void {
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, copy + suffix);
}

/** Another process that has written one job to the journal and has it open. */
async function holdElsewhere(t: ExecutionContext, path: string) {
  const source = new URL('../src/journal/sqlite-journal.ts', import.meta.url).href;
  const contract = new URL('journal-contract.ts', import.meta.url).href;
  const script = `
    const { openSqliteJournal } = await import(${JSON.stringify(source)});
    const { jobRecord } = await import(${JSON.stringify(contract)});
    globalThis.journal = openSqliteJournal(process.argv[1]);
    journal.insertJob(jobRecord(1), []);
    console.log('ready');
    setInterval(() => journal, 1000);
  `;
  const args = ['--input-type=module', '--eval', script, path];
  const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  return holder;
}

function alter(path: string, sql: string): void {
  const database = new Database(path);
  database.exec(sql);
  database.close();
}

function versionOf(path: string): unknown {
  const database = new Database(path);
  const version = database.pragma('user_version', { simple: true });
  database.close();
  return version;
}

function without(value: object, ...names: readonly string[]): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}

function noUse(): void {}
