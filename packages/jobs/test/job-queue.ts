import { readdir, readFile, writeFile } from 'node:fs/promises';
import test from 'ava';
import { contentOf, openOffice, sendRange, startOrigin } from './helpers/queue-setup.ts';

const A = contentOf(300_000, 1);
const B = contentOf(200_000, 2);

test('a job brings its files, which get their names when it is completed', async (t) => {
  await using origin = await startOrigin({ '/a': A, '/b': B });
  await using office = await openOffice();
  const { queue } = office;
  const { id, state } = await queue.create({
    name: 'two files',
    files: [
      { url: `${origin.url}/a`, path: office.path('a') },
      { url: `${origin.url}/b`, path: office.path('b') },
    ],
  });
  t.is(state, 'suspended');
  await queue.resume(id);
  await office.until(id, 'transferred');
  t.deepEqual(
    (await readdir(office.folder)).filter((name) => name === 'a' || name === 'b'),
    [],
  );
  const details = queue.details(id);
  t.like(details, { sizeBytes: 500_000, doneBytes: 500_000, transferredFileCount: 2 });
  t.like(details.files[0], {
    state: 'transferred',
    responseHeaders: { etag: '"300000-21200400"' },
  });
  t.like(queue.why(id), { reasons: [{ code: 'completion' }] });
  const report = await queue.complete(id);
  t.like(report, { state: 'acknowledged', released: [office.path('a'), office.path('b')] });
  t.true((await readFile(office.path('a'))).equals(A));
  t.true((await readFile(office.path('b'))).equals(B));
  t.deepEqual(queue.list().jobs, []);
  const left = (await readdir(office.folder)).filter((name) => name.startsWith('.'));
  t.deepEqual(left, []);
});

test('a job that completes itself needs nobody', async (t) => {
  await using origin = await startOrigin({ '/a': A });
  await using office = await openOffice();
  const { id } = await office.queue.create({
    name: 'auto',
    autoComplete: true,
    resume: true,
    files: [{ url: `${origin.url}/a`, path: office.path('a') }],
  });
  await office.until(id, 'acknowledged');
  t.true((await readFile(office.path('a'))).equals(A));
});

test('a job cut off by a restart goes on where it was, and asks for nothing twice', async (t) => {
  const large = contentOf(1_000_000, 3);
  let isStalling = true;
  await using origin = await startOrigin({ '/large': large }, (request, response) => {
    if (!isStalling || request.headers.range === 'bytes=0-65535') return false;
    const [, first = '0'] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
    response.statusCode = 206;
    response.setHeader('etag', `"1000000-${large.subarray(0, 4).toString('hex')}"`);
    response.setHeader('content-range', `bytes ${first}-999999/1000000`);
    response.setHeader('content-length', 1_000_000 - Number(first));
    response.write(large.subarray(Number(first), 500_000));
    return true;
  });
  await using office = await openOffice();
  const { id } = await office.queue.create({
    name: 'large',
    resume: true,
    files: [{ url: `${origin.url}/large`, path: office.path('large') }],
  });
  while (office.queue.details(id).doneBytes < 450_000) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  isStalling = false;
  await office.restart();
  const before = origin.sentBytes();
  await office.until(id, 'transferred');
  const asked = origin.sentBytes() - before;
  // The first 64 KiB are asked for again to know the content; the rest is what was missing.
  t.true(asked <= 1_000_000 - 7 * 65_536 + 65_536, `asked for ${asked} bytes`);
  await office.queue.complete(id);
  t.true((await readFile(office.path('large'))).equals(large));
});

test('one failing file does not stop the others, and can be mended', async (t) => {
  await using origin = await startOrigin({ '/a': A, '/b': B });
  await using office = await openOffice();
  const { queue } = office;
  const { id } = await queue.create({
    name: 'one bad',
    resume: true,
    files: [
      { url: `${origin.url}/missing`, path: office.path('a') },
      { url: `${origin.url}/b`, path: office.path('b') },
    ],
  });
  await office.until(id, 'error');
  t.like(queue.details(id), {
    error: { code: 'ORIGIN_NOT_FOUND', context: 'remote-file', fileIndex: 0 },
    transferredFileCount: 1,
    failedFileCount: 1,
    errorCount: 1,
  });
  await queue.retarget(id, { fileIndex: 0, url: `${origin.url}/a` });
  await queue.resume(id);
  await office.until(id, 'transferred');
  await queue.complete(id);
  t.true((await readFile(office.path('a'))).equals(A));
});

test('an error that may pass is tried again after the retry delay', async (t) => {
  let isDown = true;
  await using origin = await startOrigin({ '/a': A }, (_request, response) => {
    if (!isDown) return false;
    response.statusCode = 500;
    response.end();
    return true;
  });
  await using office = await openOffice();
  const { queue, clock } = office;
  const { id } = await queue.create({
    name: 'later',
    resume: true,
    files: [{ url: `${origin.url}/a`, path: office.path('a') }],
  });
  await office.until(id, 'transient-error');
  t.like(queue.details(id), { error: { code: 'ORIGIN_FAILED' }, retryInSeconds: 600 });
  isDown = false;
  clock.pass(599_000);
  t.is(queue.details(id).state, 'transient-error');
  clock.pass(1000);
  t.is(await office.until(id, 'transferred'), 'transferred');
});

test('a job that is cancelled leaves nothing behind', async (t) => {
  await using origin = await startOrigin({ '/a': A });
  await using office = await openOffice();
  const { id } = await office.queue.create({
    name: 'gone',
    resume: true,
    files: [{ url: `${origin.url}/a`, path: office.path('a') }],
  });
  await office.until(id, 'transferred');
  t.like(await office.queue.cancel(id), { state: 'cancelled' });
  t.deepEqual(
    (await readdir(office.folder)).filter((name) => name.includes('part')),
    [],
  );
  t.throws(() => office.queue.details(id), { code: 'JOB_NOT_FOUND' });
});

test('a file in the way keeps the job transferred until it is gone', async (t) => {
  await using origin = await startOrigin({ '/a': A });
  await using office = await openOffice();
  const { queue } = office;
  const files = [{ url: `${origin.url}/a`, path: office.path('a') }];
  const { id } = await queue.create({ name: 'in the way', resume: true, files });
  await office.until(id, 'transferred');
  await writeFile(office.path('a'), 'mine');
  const report = await queue.complete(id);
  t.like(report, { state: 'transferred', failures: [{ code: 'FILE_EXISTS' }] });
  t.is(await readFile(office.path('a'), 'utf8'), 'mine');
  await queue.set(id, { overwrite: true });
  t.like(await queue.complete(id), { state: 'acknowledged' });
  t.true((await readFile(office.path('a'))).equals(A));
});

test('ranges of a file are packed in the order given', async (t) => {
  await using origin = await startOrigin({ '/a': A });
  await using office = await openOffice();
  const { queue } = office;
  const ranges = [
    { startByte: 200_000, endByte: 250_000 },
    { startByte: 10, endByte: 20 },
    { startByte: 299_990 },
  ];
  const files = [{ url: `${origin.url}/a`, path: office.path('a'), ranges }];
  const { id } = await queue.create({ name: 'ranges', resume: true, files });
  await office.until(id, 'transferred');
  t.like(queue.details(id), { sizeBytes: 50_020, doneBytes: 50_020 });
  await queue.complete(id);
  const wanted = Buffer.concat([A.subarray(200_000, 250_000), A.subarray(10, 20), A.subarray(-10)]);
  t.true((await readFile(office.path('a'))).equals(wanted));
  t.deepEqual(
    (await readdir(office.folder)).filter((name) => name.startsWith('.')),
    [],
  );
});

test('a file that does not have the digest it should is an error', async (t) => {
  await using origin = await startOrigin({ '/a': A });
  await using office = await openOffice();
  const digest = `sha256:${'0'.repeat(64)}`;
  const files = [{ url: `${origin.url}/a`, path: office.path('a'), digest }];
  const { id } = await office.queue.create({ name: 'wrong', resume: true, files });
  await office.until(id, 'error');
  t.like(office.queue.details(id), { error: { code: 'VALIDATION_FAILED' }, doneBytes: 0 });
});

test('without a network a job waits for one, and goes on when it is there', async (t) => {
  await using office = await openOffice();
  const { queue } = office;
  queue.networkChanged({ isOnline: false });
  const files = [{ url: 'http://203.0.113.1/a', path: office.path('a') }];
  const { id } = await queue.create({ name: 'offline', resume: true, files });
  await office.until(id, 'transient-error');
  t.like(queue.details(id), { error: { code: 'NETWORK_DISCONNECTED' }, retryInSeconds: undefined });
  t.like(queue.why(id), { reasons: [{ code: 'network' }] });
  office.clock.pass(3_600_000);
  t.is(queue.details(id).state, 'transient-error');
  queue.networkChanged({ isOnline: true });
  t.not(queue.details(id).state, 'transient-error');
});

test('a job of a higher priority takes over from one that runs', async (t) => {
  const slow = contentOf(2_000_000, 4);
  const held: (() => void)[] = [];
  await using origin = await startOrigin({ '/a': A, '/slow': slow }, (request, response) => {
    if (request.url !== '/slow' || request.headers.range === 'bytes=0-65535') return false;
    held.push(() => void sendRange(request, response, slow));
    return true;
  });
  await using office = await openOffice();
  const { queue } = office;
  const low = await queue.create({
    name: 'low',
    priority: 'low',
    resume: true,
    files: [{ url: `${origin.url}/slow`, path: office.path('slow') }],
  });
  while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const high = await queue.create({
    name: 'high',
    priority: 'high',
    resume: true,
    files: [{ url: `${origin.url}/a`, path: office.path('a') }],
  });
  await office.until(low.id, 'queued');
  t.like(queue.why(low.id), { reasons: [{ code: 'higher-priority' }] });
  await office.until(high.id, 'transferred');
  for (const send of held.splice(0)) send();
  while (queue.details(low.id).state !== 'transferred') {
    for (const send of held.splice(0)) send();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await queue.complete(low.id);
  t.true((await readFile(office.path('slow'))).equals(slow));
});

test('what can not be is refused by name', async (t) => {
  await using office = await openOffice({ limits: { mostJobs: 1, mostFiles: 2, mostRanges: 2 } });
  const { queue } = office;
  const file = { url: 'http://example.com/a', path: office.path('a') };
  const refusals: [string, object][] = [
    ['JOB_REQUEST', { files: [{ ...file, url: 'ftp://example.com/a' }] }],
    ['JOB_REQUEST', { files: [{ ...file, url: 'http://me:secret@example.com/a' }] }],
    ['JOB_REQUEST', { files: [{ ...file, path: 'relative' }] }],
    ['JOB_REQUEST', { files: [file, file] }],
    ['JOB_REQUEST', { files: [{ ...file, digest: 'md5:00' }] }],
    ['JOB_REQUEST', { files: [{ ...file, ranges: [] }] }],
    ['JOB_REQUEST', { files: [{ ...file, ranges: [{ startByte: 0 }, { startByte: 5 }] }] }],
    ['JOB_REQUEST', { name: '' }],
    ['JOB_LIMIT', { files: [1, 2, 3].map((n) => ({ ...file, path: office.path(`${n}`) })) }],
    ['FILE_UNWRITABLE', { files: [{ ...file, path: office.path('no/folder/a') }] }],
    ['FILE_EXISTS', { files: [{ ...file, path: office.path('jobs.db') }] }],
    ['JOB_EMPTY', { resume: true }],
  ];
  for (const [code, request] of refusals) {
    await t.throwsAsync(queue.create({ name: 'x', ...request }), { code }, JSON.stringify(request));
  }
  const { id } = await queue.create({ name: 'one' });
  await t.throwsAsync(queue.resume(id), { code: 'JOB_EMPTY' });
  await t.throwsAsync(queue.create({ name: 'two' }), { code: 'JOB_LIMIT' });
  t.throws(() => queue.details('nobody'), { code: 'JOB_NOT_FOUND' });
});
