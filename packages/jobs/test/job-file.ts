import { readFile, rename, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { BLOCK_BYTES, BLOCKS_PER_SEGMENT, BlockSet, hash } from '@peer-cache/core';
import type { ContentVersion } from '@peer-cache/download';
import test from 'ava';
import { openTemporary, temporaryPath } from '../src/file/temporary-file.ts';
import { openOneJob } from './helpers/one-job.ts';
import type { OneJob } from './helpers/one-job.ts';
import { contentOf } from './helpers/queue-setup.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const CONTENT = contentOf(4 * BLOCK_BYTES + 1000, 1);
const DESCRIBED: ContentVersion = {
  kind: 'described',
  digest: hash(CONTENT),
  sizeBytes: CONTENT.length,
};
const PLAIN: ContentVersion = {
  kind: 'plain',
  url: 'https://origin.test/0',
  validator: '"1"',
  sizeBytes: CONTENT.length,
};

function block(index: number): Buffer {
  return CONTENT.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
}

/** Begins this version, writes these blocks, and ends as a run that is stopped. */
async function write(job: OneJob, version: ContentVersion, blocks: readonly number[]) {
  await using file = await job.open();
  await file.begin(version);
  for (const index of blocks) await file.write(index * BLOCK_BYTES, block(index));
}

/** The same job in another process. */
function restarted({ journal }: OneJob): OneJob {
  return openOneJob({}, journal);
}

function temporaryOf({ ledger }: OneJob): string {
  return temporaryPath(ledger.record.path, ledger.record);
}

test('blocks of a described content are kept, to be compared with their hashes', async (t) => {
  await using folder = await temporaryFolder();
  await using job = openOneJob({ path: folder.path('a') });
  await write(job, DESCRIBED, [0, 4]);
  t.is(job.ledger.record.doneBytes, 1);
  await using again = restarted(job);
  await using file = await again.open();
  const kept = await file.begin(DESCRIBED);
  const states = [0, 1, 4].map((index) => kept.stateOf(index));
  t.deepEqual(states, ['unchecked', 'absent', 'unchecked']);
  t.deepEqual(await kept.read(4), Buffer.from(block(4)));
});

test('blocks of a plain content are sound by the hashes that were noted with them', async (t) => {
  await using folder = await temporaryFolder();
  await using job = openOneJob({ path: folder.path('a') });
  await write(job, PLAIN, [0, 2, 4]);
  const bytes = await readFile(temporaryOf(job));
  bytes[2 * BLOCK_BYTES + 7] = (bytes[2 * BLOCK_BYTES + 7] ?? 0) ^ 1;
  await writeFile(temporaryOf(job), bytes);
  await using again = restarted(job);
  await using file = await again.open();
  const kept = await file.begin(PLAIN);
  const states = [0, 1, 2, 4].map((index) => kept.stateOf(index));
  t.deepEqual(states, ['sound', 'absent', 'absent', 'sound']);
});

test('what this process wrote needs no second look in its next run', async (t) => {
  await using folder = await temporaryFolder();
  await using job = openOneJob({ path: folder.path('a') });
  await write(job, DESCRIBED, [1]);
  await using file = await job.open();
  const kept = await file.begin(DESCRIBED);
  t.is(kept.stateOf(1), 'sound');
});

test('a second look ends with the transfer', async (t) => {
  await using folder = await temporaryFolder();
  await using job = openOneJob({ path: folder.path('a') });
  await write(job, PLAIN, [0]);
  await using again = openOneJob({}, job.journal, AbortSignal.abort(new Error('stopped')));
  await using file = await again.open();
  await t.throwsAsync(file.begin(PLAIN), { message: 'stopped' });
});

const OTHERS: readonly [string, ContentVersion, ContentVersion][] = [
  ['another digest', DESCRIBED, { ...DESCRIBED, digest: hash(Buffer.from('other')) }],
  ['another validator', PLAIN, { ...PLAIN, validator: '"2"' }],
  ['no validator', { ...PLAIN, validator: undefined }, { ...PLAIN, validator: undefined }],
  ['another URL', PLAIN, { ...PLAIN, url: 'https://other.test/0' }],
  ['another size', PLAIN, { ...PLAIN, sizeBytes: undefined }],
  ['content information where there was none', PLAIN, DESCRIBED],
];
for (const [what, before, after] of OTHERS) {
  test(`nothing is kept for a version with ${what}`, async (t) => {
    await using folder = await temporaryFolder();
    await using job = openOneJob({ path: folder.path('a') });
    await write(job, before, [0, 1]);
    await using file = await job.open();
    const kept = await file.begin(after);
    t.is(kept.stateOf(0), 'absent');
    t.deepEqual(job.ledger.keptSegments(), []);
    t.is(job.ledger.record.doneBytes, 0);
    t.is((await readFile(temporaryOf(job))).length, 0);
  });
}

test('another URL is the same version where a digest of the whole is checked', async (t) => {
  await using folder = await temporaryFolder();
  await using job = openOneJob({ path: folder.path('a'), digest: `sha256:${'0'.repeat(64)}` });
  await write(job, PLAIN, [0]);
  await using file = await job.open();
  const kept = await file.begin({ ...PLAIN, url: 'https://other.test/0' });
  t.is(kept.stateOf(0), 'sound');
});

test('a content that changes in the middle is begun anew in the same file', async (t) => {
  await using folder = await temporaryFolder();
  await using job = openOneJob({ path: folder.path('a') });
  const next: ContentVersion = { ...DESCRIBED, digest: hash(Buffer.from('next')) };
  {
    await using file = await job.open();
    await file.begin(DESCRIBED);
    await file.write(0, block(0));
    await job.checkpoints.flush();
    await file.write(BLOCK_BYTES, block(1));
    const kept = await file.begin(next);
    t.is(kept.stateOf(0), 'absent');
    await file.write(2 * BLOCK_BYTES, block(2));
  }
  const [segment, ...more] = job.ledger.keptSegments();
  t.deepEqual(more, []);
  const only = new BlockSet(BLOCKS_PER_SEGMENT);
  only.add(2);
  t.deepEqual(segment?.blocks, only.toBytes());
});

test('a file that somebody put in its place is not taken for ours', async (t) => {
  await using folder = await temporaryFolder();
  await using job = openOneJob({ path: folder.path('a') });
  await write(job, DESCRIBED, [0]);
  await rename(temporaryOf(job), folder.path('moved away'));
  await writeFile(temporaryOf(job), CONTENT);
  await using again = restarted(job);
  await using file = await again.open();
  const kept = await file.begin(DESCRIBED);
  t.is(kept.stateOf(0), 'absent');
  t.deepEqual((await readFile(folder.path('moved away'))).subarray(0, BLOCK_BYTES), block(0));
});

/** A handle whose first `datasync` fails when it is told to; as the system does, it says so once. */
function failingSync(whole: FileHandle) {
  const { promise, reject } = Promise.withResolvers<void>();
  promise.catch(() => undefined);
  let isFirst = true;
  const handle = new Proxy(whole, {
    get(target, name) {
      if (name === 'datasync' && isFirst) {
        isFirst = false;
        return () => promise;
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { handle, fail: () => reject(Object.assign(new Error('EIO'), { code: 'EIO' })) };
}

test('after a sync that failed nothing counts as kept, whatever a second one says', async (t) => {
  await using folder = await temporaryFolder();
  await using job = openOneJob({ path: folder.path('a') });
  const opened = await openTemporary(temporaryOf(job), undefined);
  const { handle, fail } = failingSync(opened.handle);
  const file = await job.open({ ...opened, handle });
  await file.begin(DESCRIBED);
  await file.write(0, block(0));
  const flushed = job.checkpoints.flush();
  // Nobody knows what of it the sync took with it.
  await file.write(BLOCK_BYTES, block(1));
  fail();
  await flushed;
  await job.checkpoints.flush();
  t.deepEqual(job.ledger.keptSegments(), []);
  await t.throwsAsync(file.write(0, block(0)), { code: 'FILE_UNWRITABLE' });
  await t.throwsAsync(file.finish(), { code: 'FILE_UNWRITABLE' });
  await file[Symbol.asyncDispose]();
});

test('a sync that fails while the file is finished is told', async (t) => {
  await using folder = await temporaryFolder();
  await using job = openOneJob({ path: folder.path('a') });
  const opened = await openTemporary(temporaryOf(job), undefined);
  const { handle, fail } = failingSync(opened.handle);
  const file = await job.open({ ...opened, handle });
  await file.begin(DESCRIBED);
  await file.write(0, block(0));
  const flushed = job.checkpoints.flush();
  await new Promise((resolve) => setImmediate(resolve));
  const finished = file.finish();
  fail();
  await t.throwsAsync(finished, { code: 'FILE_UNWRITABLE' });
  await flushed;
  await file[Symbol.asyncDispose]();
});

test('once the whole is finished, a late checkpoint journals nothing of it', async (t) => {
  await using folder = await temporaryFolder();
  await using job = openOneJob({ path: folder.path('a') });
  await using file = await job.open();
  await file.begin(DESCRIBED);
  await file.write(0, block(0));
  const note = await file.sync();
  await file.finish();
  job.ledger.saveAnew({ state: 'transferred', doneBytes: CONTENT.length });
  note?.note();
  t.deepEqual(job.ledger.keptSegments(), []);
  t.is(job.ledger.record.doneBytes, CONTENT.length);
});
