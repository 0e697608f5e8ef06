import { readdir, readFile } from 'node:fs/promises';
import type { JobRequest } from '@peer-cache/protocol';
import { OriginNotFoundError } from '@peer-cache/transport';
import test from 'ava';
import { JournalFullError } from '../src/errors.ts';
import type { Journal } from '../src/journal/journal.ts';
import type { JobSecretStore } from '../src/secrets/job-secrets.ts';
import { HandFetcher } from './helpers/hand-fetcher.ts';
import { contentOf, openOffice } from './helpers/queue-setup.ts';
import type { Office, OfficeParts } from './helpers/queue-setup.ts';

const A = contentOf(100_000, 1);
const B = contentOf(200_000, 2);
const SECRETS = { origin: { scheme: 'basic', user: 'anna', password: 'zanzibar' } } as const;

async function openHanded(parts: OfficeParts = {}, options: Parameters<typeof openOffice>[0] = {}) {
  const fetcher = new HandFetcher();
  const office = await openOffice(options, { fetcher, ...parts });
  return { office, fetcher, [Symbol.asyncDispose]: () => office[Symbol.asyncDispose]() };
}

async function create(office: Office, request: Partial<JobRequest> = {}) {
  const files = [{ url: 'http://origin.test/a', path: office.path('a') }];
  return await office.queue.create({ name: 'a', resume: true, files, ...request });
}

const missing = (): Error => new OriginNotFoundError('http://origin.test/a', 404);

test('a job that is completed while it runs is not picked again', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const files = ['a', 'b'].map((name) => ({
    url: `http://origin.test/${name}`,
    path: office.path(name),
  }));
  const { id } = await create(office, { files });
  for (let count = 0; count < 2; count++) {
    const fetching = await fetcher.next();
    if (fetching.url.endsWith('a')) fetching.succeed(A);
    else fetching.connect(B.length);
  }
  while (office.queue.details(id).transferredFileCount === 0) await office.turn();
  const report = await office.queue.complete(id);
  t.like(report, { state: 'acknowledged', dropped: [office.path('b')] });
  t.is(fetcher.begun.length, 2);
  t.true((await readFile(office.path('a'))).equals(A));
});

test('a job that is retargeted while it runs never asks the old URL again', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office);
  (await fetcher.next()).connect(A.length);
  await office.queue.retarget(id, { fileIndex: 0, url: 'http://other.test/b' });
  const next = await fetcher.next();
  t.is(next.url, 'http://other.test/b');
  next.succeed(B);
  await office.until(id, 'transferred');
  t.is(fetcher.begun.length, 2);
  t.is(office.queue.details(id).files[0]?.url, 'http://other.test/b');
});

test('of two who end a job at once the second is told that it is gone', async (t) => {
  await using bench = await openHanded();
  const { office } = bench;
  for (const second of ['complete', 'cancel', 'suspend', 'resume'] as const) {
    const { id } = await create(office, { resume: false });
    const both = await Promise.allSettled([office.queue.cancel(id), office.queue[second](id)]);
    t.is(both[0]?.status, 'fulfilled');
    t.like(both[1], { status: 'rejected', reason: { code: 'JOB_NOT_FOUND' } }, second);
  }
});

test('secrets for a job that is just being cancelled are not kept', async (t) => {
  await using bench = await openHanded();
  const { office } = bench;
  const { id } = await create(office, { resume: false });
  const cancelled = office.queue.cancel(id);
  const set = t.throwsAsync(office.queue.set(id, { secrets: SECRETS }), { code: 'JOB_NOT_FOUND' });
  await Promise.all([cancelled, set]);
  t.deepEqual(await readdir(office.path('secrets')), []);
});

test('jobs that are created at once do not get past the limit, nor do their secrets', async (t) => {
  const limits = { mostJobs: 2, mostFiles: 10, mostRanges: 10 };
  await using bench = await openHanded({}, { limits });
  const { office } = bench;
  const requests = [1, 2, 3, 4, 5].map((n) => ({ name: `${n}`, resume: false, secrets: SECRETS }));
  const results = await Promise.allSettled(requests.map((request) => create(office, request)));
  t.is(results.filter(({ status }) => status === 'fulfilled').length, 2);
  t.is(office.queue.list().total, 2);
  t.is((await readdir(office.path('secrets'))).length, 2);
});

test('secrets of a job that is created right after the start survive the sweep', async (t) => {
  const kept = new Set<string>();
  const sweep = Promise.withResolvers<void>();
  const secrets: JobSecretStore = {
    isEncrypted: false,
    write: () => Promise.resolve(),
    update(id) {
      kept.add(id);
      return Promise.resolve({ headers: [], origin: true, proxy: false, clientCertificate: false });
    },
    read: () => Promise.resolve(undefined),
    remove: (id) => Promise.resolve(void kept.delete(id)),
    async keepOnly(ids) {
      await sweep.promise;
      for (const id of kept) if (!ids.has(id)) kept.delete(id);
    },
  };
  await using bench = await openHanded({ secrets });
  const created = create(bench.office, { resume: false, secrets: SECRETS });
  // Long enough for the job to come to be, if it did not wait.
  for (let count = 0; count < 20; count++) await bench.office.turn();
  sweep.resolve();
  const { id } = await created;
  t.deepEqual([...kept], [id]);
});

test('suspending and resuming without end leaves one transfer', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office);
  const deeds = Array.from({ length: 20 }, (_, index) =>
    index % 2 === 0 ? office.queue.suspend(id) : office.queue.resume(id),
  );
  await Promise.all(deeds);
  while (fetcher.running === 0) await office.turn();
  t.is(fetcher.running, 1);
  fetcher.begun.at(-1)?.succeed(A);
  t.is(await office.until(id, 'transferred'), 'transferred');
});

/** A disk of a journal that can be full. */
class FullableDisk {
  isFull = false;

  readonly between = (journal: Journal): Journal => {
    const transact = journal.transact.bind(journal);
    journal.transact = (work) => {
      if (this.isFull) throw new JournalFullError('/journal');
      return transact(work);
    };
    return journal;
  };
}

test('a full journal stops nothing for good: jobs wait, and go on when there is room', async (t) => {
  const disk = new FullableDisk();
  await using bench = await openHanded({ between: disk.between });
  const { office, fetcher } = bench;
  const { id } = await create(office);
  const first = await fetcher.next();
  disk.isFull = true;
  first.succeed(A);
  await office.until(id, 'transient-error');
  t.like(office.queue.details(id), { error: { code: 'JOURNAL_FULL' } });
  office.clock.pass(600_000);
  (await fetcher.next()).fail(missing());
  await office.until(id, 'transient-error');
  disk.isFull = false;
  office.clock.pass(600_000);
  (await fetcher.next()).succeed(A);
  t.is(await office.until(id, 'transferred', 'error'), 'transferred');
  await office.queue.complete(id);
  t.true((await readFile(office.path('a'))).equals(A));
});

test('what a person asks of a full journal is refused, and can be asked again', async (t) => {
  const disk = new FullableDisk();
  await using bench = await openHanded({ between: disk.between });
  const { office, fetcher } = bench;
  const { id } = await create(office);
  (await fetcher.next()).succeed(A);
  await office.until(id, 'transferred');
  disk.isFull = true;
  const isFull = { code: 'JOURNAL_FULL' };
  await t.throwsAsync(office.queue.cancel(id), isFull);
  await t.throwsAsync(office.queue.complete(id), isFull);
  await t.throwsAsync(office.queue.set(id, { name: 'b' }), isFull);
  await t.throwsAsync(create(office), isFull);
  t.like(office.queue.details(id), { state: 'transferred', name: 'a' });
  disk.isFull = false;
  t.like(await office.queue.complete(id), { state: 'acknowledged' });
  t.true((await readFile(office.path('a'))).equals(A));
});

test('a network that goes and comes on a full journal is known in memory', async (t) => {
  const disk = new FullableDisk();
  await using bench = await openHanded({ between: disk.between });
  const { office, fetcher } = bench;
  const { id } = await create(office);
  await fetcher.next();
  disk.isFull = true;
  t.notThrows(() => office.queue.networkChanged({ isOnline: false }));
  t.notThrows(() => office.queue.networkChanged({ isOnline: true }));
  t.notThrows(() => office.clock.pass(1000));
  disk.isFull = false;
  (await fetcher.next()).succeed(A);
  t.is(await office.until(id, 'transferred'), 'transferred');
});

test('a completion that failed is not carried on by a job that was resumed instead', async (t) => {
  const disk = new FullableDisk();
  await using bench = await openHanded({ between: disk.between });
  const { office, fetcher } = bench;
  const { id } = await create(office);
  (await fetcher.next()).succeed(A);
  await office.until(id, 'transferred');
  const files = [{ url: 'http://origin.test/b', path: office.path('b') }];
  await office.queue.addFiles(id, files);
  // Right after the intention was journaled.
  office.queue.onEvent(({ event }) => void (disk.isFull ||= event === 'job-changed'));
  await t.throwsAsync(office.queue.complete(id), { code: 'JOURNAL_FULL' });
  disk.isFull = false;
  const urgent = [{ url: 'http://origin.test/c', path: office.path('c') }];
  await create(office, { name: 'c', priority: 'foreground', files: urgent });
  await fetcher.next();
  await office.queue.resume(id);
  await office.restart();
  await fetcher.next();
  // In its turn, after what it would do by itself.
  t.like(await office.queue.suspend(id), { fileCount: 2, state: 'suspended' });
});
