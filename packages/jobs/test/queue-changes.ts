import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { silentLog } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { JobRequest } from '@peer-cache/protocol';
import { OriginNotFoundError } from '@peer-cache/transport';
import test from 'ava';
import { describedAnswer } from './helpers/described-answer.ts';
import { HandFetcher } from './helpers/hand-fetcher.ts';
import { contentOf, openOffice, startOrigin } from './helpers/queue-setup.ts';
import type { Office } from './helpers/queue-setup.ts';

const A = contentOf(100_000, 1);
const B = contentOf(200_000, 2);

async function openHanded() {
  const fetcher = new HandFetcher();
  const office = await openOffice({}, { fetcher });
  return { office, fetcher, [Symbol.asyncDispose]: () => office[Symbol.asyncDispose]() };
}

function fileOf(office: Office, name: string) {
  return { url: `http://origin.test/${name}`, path: office.path(name) };
}

async function create(office: Office, request: Partial<JobRequest> = {}) {
  const files = [fileOf(office, 'a')];
  return await office.queue.create({ name: 'a', resume: true, files, ...request });
}

const missing = (): Error => new OriginNotFoundError('http://origin.test/a', 404);

test('a file that is added while the job runs comes with the others', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office);
  const first = await fetcher.next();
  await office.queue.addFiles(id, [fileOf(office, 'b')]);
  first.succeed(A);
  const second = await fetcher.next();
  t.is(second.url, 'http://origin.test/b');
  second.succeed(B);
  t.is(await office.until(id, 'transferred'), 'transferred');
  t.like(await office.queue.complete(id), { released: [office.path('a'), office.path('b')] });
});

test('mirrors of a file go to whoever fetches it, and are told without their queries', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const mirrors = ['https://mirror.test/a?token=zanzibar', 'http://b.test/a'];
  const { id } = await create(office, { files: [{ ...fileOf(office, 'a'), mirrors }] });
  const first = await fetcher.next();
  t.deepEqual(first.options.mirrors, mirrors);
  const { files } = office.queue.details(id);
  t.deepEqual(files[0]?.mirrors, ['https://mirror.test/a', 'http://b.test/a']);
  first.succeed(A);
  t.is(await office.until(id, 'transferred'), 'transferred');
});

test('a file that is added to a transferred job waits until that is resumed', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office);
  (await fetcher.next()).succeed(A);
  await office.until(id, 'transferred');
  await office.queue.addFiles(id, [fileOf(office, 'b')]);
  t.is(office.queue.details(id).state, 'transferred');
  t.like(office.queue.why(id), { reasons: [{ code: 'files-added' }] });
  await office.queue.resume(id);
  (await fetcher.next()).succeed(B);
  await office.until(id, 'transferred');
  t.is(fetcher.begun.length, 2);
});

test('completing a job in error keeps what came and gives the rest up', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office, { files: [fileOf(office, 'a'), fileOf(office, 'b')] });
  for (let count = 0; count < 2; count++) {
    const fetching = await fetcher.next();
    if (fetching.url.endsWith('a')) fetching.fail(missing());
    else fetching.succeed(B);
  }
  await office.until(id, 'error');
  const report = await office.queue.complete(id);
  t.like(report, {
    state: 'acknowledged',
    released: [office.path('b')],
    dropped: [office.path('a')],
    failures: [],
  });
  const names = (await readdir(office.folder)).filter((name) => /^\.?[ab]\b/.test(name));
  t.deepEqual(names, ['b']);
});

test('a job that completes itself waits for a person where a file is in its way', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office, { autoComplete: true });
  const fetching = await fetcher.next();
  await mkdir(office.path('a'));
  fetching.succeed(A);
  while (office.queue.details(id).error === undefined) await office.turn();
  t.like(office.queue.details(id), { state: 'transferred', error: { code: 'FILE_EXISTS' } });
  t.like(office.queue.why(id), { reasons: [{ code: 'release' }] });
  await office.restart();
  t.is(office.queue.details(id).errorCount, 1);
  await rm(office.path('a'), { recursive: true });
  t.like(await office.queue.complete(id), { state: 'acknowledged' });
  t.true((await readFile(office.path('a'))).equals(A));
});

test('a transferred job that is set to complete itself does so', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office);
  (await fetcher.next()).succeed(A);
  await office.until(id, 'transferred');
  await office.queue.set(id, { autoComplete: true });
  await office.until(id, 'acknowledged');
  t.true((await readFile(office.path('a'))).equals(A));
});

test('a completion that a crash cut short is carried on at the next start', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office, { files: [fileOf(office, 'a'), fileOf(office, 'b')] });
  for (let count = 0; count < 2; count++) {
    const fetching = await fetcher.next();
    if (fetching.url.endsWith('a')) fetching.succeed(A);
  }
  while (office.queue.details(id).transferredFileCount === 0) await office.turn();
  await office.restart((journal) => {
    for (const record of journal.jobs()) journal.saveJob({ ...record, isCompleting: true });
  });
  await office.gone(id);
  t.true((await readFile(office.path('a'))).equals(A));
  t.is(fetcher.begun.length, 2);
});

test('a job that is set to complete itself does so although a crash came before', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office);
  (await fetcher.next()).succeed(A);
  await office.until(id, 'transferred');
  await office.restart((journal) => {
    for (const record of journal.jobs()) {
      journal.saveJob({ ...record, settings: { ...record.settings, autoComplete: true } });
    }
  });
  await office.gone(id);
  t.true((await readFile(office.path('a'))).equals(A));
});

test('what is left of a job that was over when its agent ended goes', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office);
  (await fetcher.next()).succeed(A);
  await office.until(id, 'transferred');
  await office.restart((journal) => {
    for (const record of journal.jobs()) journal.saveJob({ ...record, state: 'cancelled' });
  });
  await office.gone(id);
  t.deepEqual(
    (await readdir(office.folder)).filter((name) => /^\.?a\b/.test(name)),
    [],
  );
});

test('a priority that changes counts at once', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const first = await create(office);
  (await fetcher.next()).connect(A.length);
  const files = [fileOf(office, 'b')];
  const second = await create(office, { name: 'b', priority: 'low', files });
  await office.turn();
  t.is(office.queue.details(second.id).state, 'queued');
  await office.queue.set(second.id, { priority: 'high' });
  t.is((await fetcher.next()).url, 'http://origin.test/b');
  t.is(office.queue.details(first.id).state, 'queued');
  await office.queue.set(first.id, { priority: 'foreground' });
  t.is((await fetcher.next()).url, 'http://origin.test/a');
  t.is(office.queue.details(second.id).state, 'queued');
});

test('a job that runs goes by a change of sharing or of its transport', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office);
  const first = await fetcher.next();
  t.is(first.options.isShared, true);
  await office.queue.set(id, { sharing: false });
  const second = await fetcher.next();
  t.is(second.options.isShared, false);
  await office.queue.set(id, { secrets: { headers: { 'x-token': 'zanzibar' } } });
  const third = await fetcher.next();
  t.not(third.options.http, second.options.http);
  await office.queue.set(id, { description: 'no reason to begin anew' });
  await office.turn();
  t.deepEqual([fetcher.begun.length, fetcher.running], [3, 1]);
});

test('plain jobs share their connections, each other has its own', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const transports: unknown[] = [];
  const requests: readonly Partial<JobRequest>[] = [
    {},
    {},
    { secrets: { headers: { 'x-token': 'zanzibar' } } },
    { transport: { proxy: { use: 'none' }, redirects: 'follow', allowHttp: false } },
    { transport: { proxy: { use: 'environment' }, redirects: 'refuse', allowHttp: false } },
  ];
  for (const [index, request] of requests.entries()) {
    await create(office, { ...request, files: [fileOf(office, `${index}`)] });
    transports.push((await fetcher.next()).options.http);
  }
  t.is(transports[0], transports[1]);
  t.is(new Set(transports).size, 4);
});

test('bytes that jobs received are counted, those of jobs that are gone too', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office);
  (await fetcher.next()).succeed(A);
  await office.until(id, 'transferred');
  await office.queue.cancel(id);
  t.deepEqual(office.queue.received(), { store: 0, peers: 0, origin: A.length });
});

test('another address of the same content keeps the blocks that are here', async (t) => {
  const large = contentOf(3_000_000, 5);
  let isHolding = true;
  await using origin = await startOrigin(
    { '/old/l': large, '/new/l': large },
    (request, response) => {
      if (describedAnswer(large, request, response)) return true;
      const [, first = '0'] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
      // Never answered: what is stopped is stopped by us.
      return isHolding && Number(first) >= 2 ** 20;
    },
  );
  await using office = await openOffice();
  const { queue } = office;
  const files = [{ url: `${origin.url}/old/l`, path: office.path('l') }];
  const { id } = await queue.create({ name: 'l', resume: true, sharing: false, files });
  while (queue.details(id).doneBytes < 2 ** 20) await office.turn();
  isHolding = false;
  const before = origin.sentBytes();
  const newPrefix = `${origin.url}/new/`;
  await queue.retarget(id, { oldPrefix: `${origin.url}/old/`, newPrefix });
  await office.until(id, 'transferred');
  t.is(queue.details(id).files[0]?.url, `${newPrefix}l`);
  t.is(origin.sentBytes() - before, large.length - 2 ** 20);
  await queue.complete(id);
  t.true((await readFile(office.path('l'))).equals(large));
});

test('secrets let a job in and are found nowhere but in their own folder', async (t) => {
  await using origin = await startOrigin({ '/a': A }, ({ headers }, response) => {
    const wanted = `Basic ${Buffer.from('anna:zanzibar').toString('base64')}`;
    if (headers.authorization === wanted && headers['x-token'] === 'mombasa') return false;
    response.statusCode = 403;
    response.end();
    return true;
  });
  const logged: unknown[] = [];
  const note = (facts: object, message: string): void => void logged.push({ ...facts, message });
  const log: Log = { ...silentLog, debug: note, info: note, warn: note, error: note };
  await using office = await openOffice({}, { log });
  const { queue } = office;
  const events: unknown[] = [];
  queue.onEvent((event) => void events.push(event));
  const origins = { scheme: 'basic', user: 'anna', password: 'zanzibar' } as const;
  const { id } = await queue.create({
    name: 'a',
    resume: true,
    files: [{ url: `${origin.url}/a`, path: office.path('a') }],
    secrets: { origin: origins },
  });
  await office.until(id, 'error');
  t.like(queue.details(id), { error: { code: 'ORIGIN_REFUSED' }, secrets: { origin: true } });
  await queue.set(id, { secrets: { headers: { 'x-token': 'mombasa' } } });
  t.like(queue.details(id), { secrets: { origin: true, headers: ['x-token'] } });
  await queue.resume(id);
  t.is(await office.until(id, 'transferred', 'error'), 'transferred');
  const shown = JSON.stringify([queue.details(id), queue.list(), queue.why(id), events, logged]);
  t.false(/zanzibar|mombasa/.test(shown));
  for (const name of (await readdir(office.folder)).filter((each) => each.startsWith('jobs.db'))) {
    const bytes = await readFile(office.path(name));
    t.false(bytes.includes('zanzibar') || bytes.includes('mombasa'), name);
  }
  await queue.complete(id);
  t.deepEqual(await readdir(office.path('secrets')), []);
});

test('a job whose secrets are lost says so instead of asking without them', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office, {
    resume: false,
    secrets: { headers: { 'x-token': 'zanzibar' } },
  });
  await writeFile(office.path(`secrets/${id}.secrets`), 'garbage');
  await office.queue.resume(id);
  await office.until(id, 'error');
  t.like(office.queue.details(id), { error: { code: 'SECRETS_LOST' }, errorCount: 1 });
  t.is(fetcher.begun.length, 0);
});
