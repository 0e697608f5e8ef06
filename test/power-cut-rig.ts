import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import { checkImages, sampling } from './helpers/power-cut/check-images.ts';
import type { ImageCheck } from './helpers/power-cut/check-images.ts';
import type { Sampling } from './helpers/power-cut/crash-images.ts';
import { CrashPoint } from './helpers/power-cut/crash-point.ts';
import { contentAfterCut } from './helpers/power-cut/file-content.ts';
import type { DataOperation } from './helpers/power-cut/file-content.ts';
import { WATCHED_FOLDER } from './helpers/power-cut/operations.ts';
import type { Operation } from './helpers/power-cut/operations.ts';
import { noRecorderReason } from './helpers/power-cut/record-program.ts';
import { recorded } from './helpers/power-cut/recorded.ts';
import { StraceLog } from './helpers/power-cut/strace-log.ts';

const OF_MANY = sampling({ mostPoints: 60, imagesPerPoint: 6 });
/** For what has few operations: all of them, and enough that what rarely goes wrong is met. */
const OF_FEW = { ...OF_MANY, imagesPerPoint: 40 };
const VERSIONS = ['one', 'two', 'three'];
const FILE = { id: 1, isFolder: false };

const reason = noRecorderReason();
const recording = reason === undefined ? test : test.skip;
const because = reason === undefined ? '' : ` (${reason})`;

interface Trial {
  readonly program: readonly [string, ...string[]];
  readonly sampled: Sampling;
  readonly check: ImageCheck;
}

const keeps = test.macro(async (t, { program, sampled, check }: Trial) => {
  const images = await checkImages(await recorded(...program), sampled, check);
  t.log(`${images} images with seed ${sampled.seed}`);
  t.true(images > 20);
});

const loses = test.macro(async (t, { program, sampled, check }: Trial) => {
  const found = checkImages(await recorded(...program), sampled, check);
  const error = await t.throwsAsync(found, { message: /^Error: broken promise/ });
  t.log(error?.message);
});

recording(
  `a file synced, renamed and its folder synced is there after a power cut${because}`,
  keeps,
  { program: ['replace-a-file', 'data', 'folder'], sampled: OF_FEW, check: fileIsWhole },
);
recording(`a file renamed before its bytes are synced is found out${because}`, loses, {
  program: ['replace-a-file', 'folder'],
  sampled: OF_FEW,
  check: fileIsWhole,
});
recording(`a file whose folder is never synced is found out${because}`, loses, {
  program: ['replace-a-file', 'data'],
  sampled: OF_FEW,
  check: fileIsWhole,
});
recording(`pages synced before the mark that tells of them are there with it${because}`, keeps, {
  program: ['mark-as-written', 'order'],
  sampled: OF_FEW,
  check: markIsTrue,
});
recording(`a mark that may reach the disk before its pages is found out${because}`, loses, {
  program: ['mark-as-written'],
  sampled: OF_FEW,
  check: markIsTrue,
});
recording(`a database that syncs each commit keeps all of them${because}`, keeps, {
  program: ['commit-rows', 'FULL', 'EXCLUSIVE'],
  sampled: OF_MANY,
  check: rowsAreThere,
});
for (const synchronous of ['NORMAL', 'OFF']) {
  recording(
    `a database with synchronous=${synchronous} is found to lose commits${because}`,
    loses,
    { program: ['commit-rows', synchronous, 'EXCLUSIVE'], sampled: OF_MANY, check: rowsAreThere },
  );
}

recording(`what writes through memory is refused, not overlooked${because}`, async (t) => {
  await t.throwsAsync(recorded('commit-rows', 'FULL', 'NORMAL'), { message: /model mmap/ });
});

test('calls of several threads are joined and come in the order of their ends', (t) => {
  const strace = new StraceLog();
  const lines = [
    String.raw`11 pwrite64(3<\x2f\x61>, "\x68\x69", 2, 7 <unfinished ...>`,
    String.raw`12  fsync(3<\x2f\x61>) = 0`,
    '11 --- SIGCHLD {si_signo=SIGCHLD} ---',
    '11 <... pwrite64 resumed>) = 2',
    '12 +++ exited with 0 +++',
  ];
  const steps = lines.flatMap((line) => strace.steps(line));
  t.deepEqual(
    steps.map(({ phase, call }) => `${call.thread} ${call.name} ${phase} ${call.result ?? ''}`),
    ['11 pwrite64 entered ', '12 fsync entered 0', '12 fsync returned 0', '11 pwrite64 returned 2'],
  );
  t.deepEqual(steps[3]?.call.args, [String.raw`3<\x2f\x61>`, '""', '2', '7']);
});

test('a sync covers only what was done before it began', (t) => {
  const point = new CrashPoint([write(0, 'early'), write(0, 'late'), sync(1)]);
  const history = point.files.get(FILE);
  t.deepEqual([history?.synced.length, history?.unsynced.length], [1, 1]);
});

test('a name is there for certain once its folder was synced, or on some disks its file', (t) => {
  const made: Operation = {
    kind: 'names',
    call: 'openat',
    changes: [{ folder: WATCHED_FOLDER, name: 'file', target: FILE }],
  };
  const withFile = new CrashPoint([made, sync(1)]);
  t.deepEqual(
    [withFile.names('in order')[0]?.isSynced, withFile.names('synced')[0]?.isSynced],
    [true, false],
  );
  const withFolder = new CrashPoint([made, { kind: 'sync', inode: WATCHED_FOLDER, before: 1 }]);
  t.true(withFolder.names('synced')[0]?.isSynced);
});

test('a page holds what it did after one of its changes, whatever the others hold', (t) => {
  const seen = new Set<string>();
  for (const first of [0, 1, 2]) {
    for (const second of [0, 1]) {
      const kept = [first, second, 1].values();
      const chance = { changesKept: () => kept.next().value ?? 0 };
      const changes = [write(4000, 'a'.repeat(200)), write(4000, 'b'.repeat(96))];
      const content = contentAfterCut([write(0, 'x'.repeat(8192))], changes, chance);
      t.is(content.length, 8192);
      seen.add(content.toString('latin1', 4095, 4097));
    }
  }
  t.deepEqual([...seen].toSorted(), ['aa', 'ax', 'ba', 'bx', 'xa', 'xx']);
});

test('a file that grew may have its length without its bytes, and the other way round', (t) => {
  const changes = [write(0, 'x'.repeat(5000))];
  const lengthOnly = [0, 0, 1].values();
  const bytesOnly = [1, 1, 0].values();
  const after = (kept: Iterator<number>): Buffer =>
    contentAfterCut([], changes, { changesKept: () => kept.next().value ?? 0 });
  t.true(after(lengthOnly).equals(Buffer.alloc(5000)));
  t.is(after(bytesOnly).length, 0);
});

function write(startByte: number, text: string): DataOperation {
  return { kind: 'write', inode: FILE, startByte, bytes: Buffer.from(text) };
}

function sync(before: number): Operation {
  return { kind: 'sync', inode: FILE, before };
}

/** The file is the last that was promised, or a later one, and whole. */
function fileIsWhole(folder: string, promises: readonly string[]): void {
  const path = join(folder, 'inner', 'file');
  const content = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  const version = VERSIONS.findIndex((name) => content === `${name} `.repeat(3000));
  const isTorn = content !== undefined && version === -1;
  if (isTorn || version < promises.length - 1) throw new Error('broken promise: the file');
}

/** The mark is not there without the ten pages after it. */
function markIsTrue(folder: string): void {
  const path = join(folder, 'file');
  const content = existsSync(path) ? readFileSync(path, 'latin1') : '';
  if (!content.startsWith('mark')) return;
  if (content.slice(4096) !== 'x'.repeat(40_960)) throw new Error('broken promise: the mark');
}

/** Every row that was promised is there, and none without its twin. */
function rowsAreThere(folder: string, promises: readonly string[]): void {
  using database = new DatabaseSync(join(folder, 'rows.db'));
  const hasTable = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'rows'").get();
  const rows = hasTable === undefined ? [] : database.prepare('SELECT number FROM rows').all();
  const numbers = new Set(rows.map(({ number }) => Number(number)));
  const lost = promises.filter((promise) => !numbers.has(Number(promise.slice('row '.length))));
  if (lost.length > 0) throw new Error(`broken promise: ${lost.join(', ')}`);
  const halves = [...numbers].filter((number) => !numbers.has(-number));
  if (halves.length > 0) throw new Error(`broken promise: half of ${halves.join(', ')}`);
}
