import { readdir } from 'node:fs/promises';
import type { JobState } from '@peer-cache/protocol';
import { OriginBusyError, OriginNotFoundError } from '@peer-cache/transport';
import test from 'ava';
import { HandFetcher } from './helpers/hand-fetcher.ts';
import { contentOf, openOffice } from './helpers/queue-setup.ts';
import type { Office } from './helpers/queue-setup.ts';

const A = contentOf(100_000, 1);

type Deed = 'suspend' | 'resume' | 'complete' | 'cancel';
const DEEDS: readonly Deed[] = ['suspend', 'resume', 'complete', 'cancel'];

interface Bench {
  readonly office: Office;
  readonly fetcher: HandFetcher;
}

/** Makes a job and brings it into the state. */
type Bring = (bench: Bench, id: string) => Promise<void>;

const BRING: Partial<Record<JobState, Bring>> = {
  suspended: () => Promise.resolve(),
  async queued({ office, fetcher }, id) {
    const { queue } = office;
    const files = [{ url: 'http://origin.test/first', path: office.path(`first-${id}`) }];
    await queue.create({ name: 'first', priority: 'foreground', resume: true, files });
    await fetcher.next();
    await queue.resume(id);
    await new Promise((resolve) => setImmediate(resolve));
  },
  async connecting({ office, fetcher }, id) {
    await office.queue.resume(id);
    await fetcher.next();
  },
  async transferring({ office, fetcher }, id) {
    await office.queue.resume(id);
    (await fetcher.next()).connect(A.length);
  },
  async 'transient-error'({ office, fetcher }, id) {
    await office.queue.resume(id);
    (await fetcher.next()).fail(new OriginBusyError('http://origin.test/', 503, undefined));
    await office.until(id, 'transient-error');
  },
  async error({ office, fetcher }, id) {
    await office.queue.resume(id);
    (await fetcher.next()).fail(new OriginNotFoundError('http://origin.test/', 404));
    await office.until(id, 'error');
  },
  async transferred({ office, fetcher }, id) {
    await office.queue.resume(id);
    (await fetcher.next()).succeed(A);
    await office.until(id, 'transferred');
  },
};

/** The state after each deed, in the order of {@link DEEDS}, or the code of the refusal. */
const OUTCOMES: Partial<Record<JobState, readonly string[]>> = {
  suspended: ['suspended', 'connecting', 'acknowledged', 'cancelled'],
  queued: ['suspended', 'queued', 'acknowledged', 'cancelled'],
  connecting: ['suspended', 'connecting', 'acknowledged', 'cancelled'],
  transferring: ['suspended', 'transferring', 'acknowledged', 'cancelled'],
  'transient-error': ['suspended', 'connecting', 'acknowledged', 'cancelled'],
  error: ['JOB_STATE', 'connecting', 'acknowledged', 'cancelled'],
  transferred: ['JOB_STATE', 'JOB_STATE', 'acknowledged', 'cancelled'],
};

async function outcomeOf({ office }: Bench, id: string, deed: Deed): Promise<string> {
  try {
    const { state } = await office.queue[deed](id);
    if (state !== 'queued') return state;
    await new Promise((resolve) => setImmediate(resolve));
    return office.queue.details(id).state;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

const STATES: readonly JobState[] = [
  'suspended',
  'queued',
  'connecting',
  'transferring',
  'transient-error',
  'error',
  'transferred',
];
for (const state of STATES) {
  test(`a job that is ${state} does what it is told, or refuses`, async (t) => {
    const outcomes: string[] = [];
    for (const deed of DEEDS) {
      const fetcher = new HandFetcher();
      await using office = await openOffice({}, { fetcher });
      const bench = { office, fetcher };
      const files = [{ url: 'http://origin.test/a', path: office.path('a') }];
      const { id } = await office.queue.create({ name: 'a', files });
      await BRING[state]?.(bench, id);
      t.is(office.queue.details(id).state, state);
      outcomes.push(await outcomeOf(bench, id, deed));
      if (deed !== 'complete' && deed !== 'cancel') continue;
      t.throws(() => office.queue.details(id), { code: 'JOB_NOT_FOUND' });
      const mine = (await readdir(office.folder)).filter((name) => /^\.?a\b/.test(name));
      t.deepEqual(mine, deed === 'complete' && state === 'transferred' ? ['a'] : []);
      t.is(fetcher.running, state === 'queued' ? 1 : 0);
    }
    t.deepEqual(outcomes, OUTCOMES[state] ?? []);
  });
}

for (const state of STATES) {
  test(`a job that is ${state} when its agent is killed goes on as it should`, async (t) => {
    const fetcher = new HandFetcher();
    await using office = await openOffice({}, { fetcher });
    const files = [{ url: 'http://origin.test/a', path: office.path('a') }];
    const { id } = await office.queue.create({ name: 'a', files });
    await BRING[state]?.({ office, fetcher }, id);
    const before = fetcher.begun.length;
    await office.restart((journal) => {
      for (const record of journal.jobs()) {
        if (record.id === id) journal.saveJob({ ...record, state });
      }
    });
    const isRunning = state === 'connecting' || state === 'transferring';
    if (isRunning || state === 'queued') await fetcher.next();
    else await office.turn();
    // One that was queued waits for another still.
    t.is(fetcher.begun.length - before, isRunning || state === 'queued' ? 1 : 0);
    t.is(office.queue.details(id).state, isRunning ? 'connecting' : state);
  });
}
