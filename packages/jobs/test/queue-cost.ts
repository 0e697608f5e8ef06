import { DAY_MS } from '@peer-cache/core';
import type { JobRequest } from '@peer-cache/protocol';
import { OriginFailedError } from '@peer-cache/transport';
import test from 'ava';
import { HandFetcher } from './helpers/hand-fetcher.ts';
import { contentOf, openOffice } from './helpers/queue-setup.ts';
import type { Office } from './helpers/queue-setup.ts';

const A = contentOf(100_000, 1);

async function openHanded() {
  const fetcher = new HandFetcher();
  const office = await openOffice({}, { fetcher });
  return { office, fetcher, [Symbol.asyncDispose]: () => office[Symbol.asyncDispose]() };
}

async function create(office: Office, request: Partial<JobRequest> = {}): Promise<string> {
  const files = [{ url: 'http://origin.test/a', path: office.path('a') }];
  const { id } = await office.queue.create({ name: 'a', resume: true, files, ...request });
  return id;
}

test('a job is put back at once when the network costs more than it may, and goes on after', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { queue } = office;
  const id = await create(office, { costPolicy: 'standard' });
  (await fetcher.next()).connect(A.length);
  queue.costChanged('usage-based');
  t.is(queue.details(id).state, 'transferring', 'which the policy allows');
  queue.costChanged('roaming');
  t.like(queue.details(id), {
    state: 'transient-error',
    error: { code: 'BLOCKED_BY_COST', context: 'general-queue-manager', transient: true },
    errorCount: 0,
    retryInSeconds: undefined,
  });
  t.like(queue.why(id), { reasons: [{ code: 'cost' }] });
  office.clock.pass(DAY_MS);
  t.is(queue.details(id).state, 'transient-error', 'no time brings it back');
  t.is(fetcher.begun.length, 1);
  queue.costChanged('unrestricted');
  t.is(queue.details(id).state, 'queued');
  (await fetcher.next()).succeed(A);
  t.is(await office.until(id, 'transferred'), 'transferred');
});

test('a job that is resumed on a network that it may not use does not start', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  office.queue.costChanged('over-cap-charged');
  const id = await create(office, { costPolicy: 'no-surcharge' });
  await office.until(id, 'transient-error');
  t.is(fetcher.begun.length, 0);
  await office.queue.resume(id);
  await office.until(id, 'transient-error');
  t.is(fetcher.begun.length, 0);
});

test('another policy lets a job go on, or puts it back', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  office.queue.costChanged('roaming');
  const id = await create(office, { costPolicy: 'not-roaming' });
  await office.until(id, 'transient-error');
  await office.queue.set(id, { costPolicy: 'default' });
  const { settings } = office.queue.details(id);
  t.false('costPolicy' in settings);
  await fetcher.next();
  await office.queue.set(id, { costPolicy: 'unrestricted' });
  await office.until(id, 'transient-error');
  t.is(office.queue.details(id).error?.code, 'BLOCKED_BY_COST');
});

test('jobs without a policy go by that of the configuration, as it is now', async (t) => {
  const fetcher = new HandFetcher();
  await using office = await openOffice({ costPolicy: 'standard' }, { fetcher });
  const { queue } = office;
  queue.costChanged('near-cap');
  const bound = await create(office);
  await office.until(bound, 'transient-error');
  const files = [{ url: 'http://origin.test/b', path: office.path('b') }];
  await create(office, { name: 'b', costPolicy: 'always', files });
  t.is((await fetcher.next()).url, 'http://origin.test/b');
});

test('what is on this machine itself costs nothing', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  office.queue.costChanged('roaming');
  const files = [{ url: 'http://localhost/a', path: office.path('a') }];
  const id = await create(office, { costPolicy: 'unrestricted', files });
  (await fetcher.next()).succeed(A);
  t.is(await office.until(id, 'transferred'), 'transferred');
});

test('a retry delay is not cut short by what the network costs', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const id = await create(office, { costPolicy: 'standard' });
  (await fetcher.next()).fail(new OriginFailedError('http://origin.test/a', 500, undefined));
  await office.until(id, 'transient-error');
  office.queue.costChanged('roaming');
  office.queue.costChanged('unrestricted');
  t.like(office.queue.details(id), { state: 'transient-error', retryInSeconds: 600 });
});

test('a network that comes back and may not be used is one to wait out', async (t) => {
  await using bench = await openHanded();
  const { office, fetcher } = bench;
  const { queue } = office;
  const id = await create(office, { costPolicy: 'standard' });
  (await fetcher.next()).connect(A.length);
  queue.networkChanged({ isOnline: false });
  queue.costChanged('roaming');
  t.is(queue.details(id).error?.code, 'NETWORK_DISCONNECTED');
  queue.networkChanged({ isOnline: true });
  t.like(queue.details(id), { state: 'transient-error', error: { code: 'BLOCKED_BY_COST' } });
  queue.networkChanged({ isOnline: false });
  t.like(queue.why(id), { reasons: [{ code: 'network' }] });
  queue.costChanged('unrestricted');
  t.is(queue.details(id).state, 'transient-error');
  queue.networkChanged({ isOnline: true });
  (await fetcher.next()).succeed(A);
  t.is(await office.until(id, 'transferred'), 'transferred');
});

test('another network that may not be used either wakes nobody', async (t) => {
  await using bench = await openHanded();
  const { office } = bench;
  office.queue.costChanged('roaming');
  const id = await create(office, { costPolicy: 'standard' });
  await office.until(id, 'transient-error');
  const moves: string[] = [];
  office.queue.onEvent((event) => moves.push(event.event));
  office.queue.networkChanged({ isOnline: true });
  office.queue.costChanged('near-cap');
  await office.turn();
  t.deepEqual(moves, []);
});

test('a limit is kept with the job, and taken away again', async (t) => {
  await using bench = await openHanded();
  const { office } = bench;
  const id = await create(office, { limit: 500_000 });
  await office.restart();
  t.is(office.queue.details(id).settings.limit, 500_000);
  await office.queue.set(id, { description: 'something else' });
  t.is(office.queue.details(id).settings.limit, 500_000);
  await office.queue.set(id, { limit: 0 });
  t.is(office.queue.details(id).settings.limit, 0);
  await office.queue.set(id, { limit: 'none' });
  t.false('limit' in office.queue.details(id).settings);
});
