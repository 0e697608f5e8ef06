import { DAY_MS, HOUR_MS } from '@peer-cache/core';
import type { JobRequest } from '@peer-cache/protocol';
import { OriginBusyError, OriginFailedError } from '@peer-cache/transport';
import test from 'ava';
import type { Journal } from '../src/journal/journal.ts';
import { HandFetcher } from './helpers/hand-fetcher.ts';
import { contentOf, openOffice } from './helpers/queue-setup.ts';
import type { Office, OfficeParts } from './helpers/queue-setup.ts';

const A = contentOf(100_000, 1);
const TICKS_PER_SWEEP = 60;

async function openHanded(parts: OfficeParts = {}) {
  const fetcher = new HandFetcher();
  const office = await openOffice({}, { fetcher, ...parts });
  return { office, fetcher, [Symbol.asyncDispose]: () => office[Symbol.asyncDispose]() };
}

async function create(office: Office, request: Partial<JobRequest> = {}) {
  const files = [{ url: 'http://origin.test/a', path: office.path('a') }];
  return await office.queue.create({ name: 'a', resume: true, files, ...request });
}

const failed = (): Error => new OriginFailedError('http://origin.test/a', 500, undefined);

test('a job that takes longer than it may is an error, and resuming gives it the time again', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office, { maximumDownloadSeconds: 60 });
  (await fetcher.next()).connect(A.length);
  office.clock.pass(60_000);
  t.is(office.queue.details(id).state, 'transferring');
  office.clock.pass(1000);
  t.like(office.queue.details(id), {
    state: 'error',
    error: { code: 'DOWNLOAD_TIME_OVER', context: 'general-queue-manager' },
    errorCount: 1,
    errors: [{ code: 'DOWNLOAD_TIME_OVER' }],
  });
  await office.queue.resume(id);
  t.is(fetcher.running, 0);
  const again = await fetcher.next();
  office.clock.pass(60_000);
  again.succeed(A);
  t.is(await office.until(id, 'transferred', 'error'), 'transferred');
});

test('time that a job waits is no download time', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office, { maximumDownloadSeconds: 60 });
  (await fetcher.next()).fail(failed());
  await office.until(id, 'transient-error');
  office.clock.pass(600_000);
  (await fetcher.next()).succeed(A);
  t.is(await office.until(id, 'transferred', 'error'), 'transferred');
});

test('errors without a byte between them become one when that took too long', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office, { noProgressTimeoutSeconds: 1000 });
  (await fetcher.next()).fail(failed());
  await office.until(id, 'transient-error');
  office.clock.pass(600_000);
  (await fetcher.next()).fail(failed());
  await office.until(id, 'transient-error');
  office.clock.pass(399_000);
  t.is(office.queue.details(id).state, 'transient-error');
  office.clock.pass(1000);
  t.like(office.queue.details(id), { state: 'error', error: { code: 'NO_PROGRESS' } });
  t.regex(office.queue.details(id).error?.message ?? '', /HTTP 500/);
});

test('a byte that came begins the time without progress anew', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office, { noProgressTimeoutSeconds: 1000 });
  (await fetcher.next()).fail(failed());
  await office.until(id, 'transient-error');
  office.clock.pass(600_000);
  const second = await fetcher.next();
  second.connect(A.length);
  second.options.progress?.received('origin', 'origin.test', 1);
  second.fail(failed());
  await office.until(id, 'transient-error');
  office.clock.pass(500_000);
  t.like(office.queue.details(id), { state: 'transient-error', times: { noProgressSeconds: 500 } });
});

test('retries are spread by up to a tenth of their delay', async (t) => {
  for (const [random, retryInSeconds] of [
    [0, 600],
    [0.5, 630],
    [1, 660],
  ] as const) {
    await using bench = await openHanded({ random: () => random });
    const { id } = await create(bench.office);
    (await bench.fetcher.next()).fail(failed());
    await bench.office.until(id, 'transient-error');
    t.is(bench.office.queue.details(id).retryInSeconds, retryInSeconds);
  }
});

test('an origin that asks for more time gets it, one that asks for less does not hurry us', async (t) => {
  for (const [retryMs, retryInSeconds] of [
    [HOUR_MS, 3600],
    [1000, 600],
  ] as const) {
    await using bench = await openHanded();
    const { id } = await create(bench.office);
    (await bench.fetcher.next()).fail(new OriginBusyError('http://origin.test/a', 503, retryMs));
    await bench.office.until(id, 'transient-error');
    t.is(bench.office.queue.details(id).retryInSeconds, retryInSeconds);
  }
});

/** Nothing has happened to any job for 90 days. */
function wearOut(journal: Journal): void {
  for (const record of journal.jobs()) {
    journal.saveJob({ ...record, timers: { ...record.timers, inactiveMs: 90 * DAY_MS } });
  }
}

function sweep({ clock }: Office): void {
  for (let tick = 0; tick < TICKS_PER_SWEEP; tick++) clock.pass(1000);
}

test('a job to which nothing happened for 90 days is deleted, once the agent has run for an hour', async (t) => {
  await using bench = await openHanded();
  const { office } = bench;
  const { id } = await create(office, { resume: false });
  await office.restart((journal) => wearOut(journal));
  sweep(office);
  await office.queue.suspend(id);
  await office.restart((journal) => wearOut(journal));
  office.clock.pass(HOUR_MS);
  const removed = office.until(id, 'cancelled');
  sweep(office);
  t.is(await removed, 'cancelled');
  t.deepEqual(office.queue.list().jobs, []);
});

test('a job that is touched at the last moment is not deleted', async (t) => {
  await using bench = await openHanded();
  const { office } = bench;
  const { id } = await create(office, { resume: false });
  office.clock.pass(90 * DAY_MS);
  const touched = office.queue.set(id, { description: 'still wanted' });
  sweep(office);
  await touched;
  sweep(office);
  await office.queue.suspend(id);
  t.is(office.queue.details(id).state, 'suspended');
});

test('a job is cut off with the network, and goes on with it at once', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { queue } = office;
  const { id } = await create(office);
  (await fetcher.next()).connect(A.length);
  queue.networkChanged({ isOnline: false });
  t.like(queue.details(id), {
    state: 'transient-error',
    error: { code: 'NETWORK_DISCONNECTED', context: 'general-transport' },
    errorCount: 1,
  });
  office.clock.pass(DAY_MS);
  t.is(queue.details(id).state, 'transient-error');
  queue.networkChanged({ isOnline: true });
  t.is(queue.details(id).state, 'queued');
  (await fetcher.next()).succeed(A);
  t.is(await office.until(id, 'transferred'), 'transferred');
});

test('another network is worth another try, before the retry delay', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office);
  (await fetcher.next()).fail(failed());
  await office.until(id, 'transient-error');
  office.queue.networkChanged({ isOnline: true });
  (await fetcher.next()).succeed(A);
  t.is(await office.until(id, 'transferred'), 'transferred');
});

test('what is on this machine itself needs no network', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  office.queue.networkChanged({ isOnline: false });
  const files = [{ url: 'http://localhost/a', path: office.path('a') }];
  const { id } = await create(office, { files });
  (await fetcher.next()).succeed(A);
  t.is(await office.until(id, 'transferred'), 'transferred');
});

test('retries that a restart comes between are tried when they would have been', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { id } = await create(office);
  (await fetcher.next()).fail(failed());
  await office.until(id, 'transient-error');
  office.clock.pass(300_000);
  await office.restart();
  t.is(office.queue.details(id).retryInSeconds, 300);
  office.clock.pass(300_000);
  (await fetcher.next()).succeed(A);
  t.is(await office.until(id, 'transferred'), 'transferred');
});
