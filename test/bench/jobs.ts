import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SECOND_MS } from '@peer-cache/core';
import { controlCall } from '../../packages/agent/test/helpers/control-call.ts';
import { openSqliteJournal } from '../../packages/jobs/src/journal/sqlite-journal.ts';
import { newFile, newJob, settingsOf } from '../../packages/jobs/src/new-records.ts';
import type { Bench } from './bench.ts';
import { cpuSeconds, median, peakBytes, timed } from './measure.ts';
import { Machine } from './office.ts';

const JOBS = 10_000;
const IDLE_SECONDS = 20;
/** How long an agent settles before it counts as idle. */
const SETTLE_MS = 3 * SECOND_MS;
const MEGABYTE = 1e6;
const STATES = {
  suspended: 'all suspended',
  /** They are tried, fail and wait for 10 minutes, a dozen at a time. */
  queued: 'all queued behind an origin that is down',
} as const;
/** A port that nobody listens on. */
const DOWN = 'http://127.0.0.1:9';
const DEFAULTS = {
  minimumRetryDelaySeconds: 600,
  noProgressTimeoutSeconds: 1_209_600,
  maximumDownloadSeconds: 7_776_000,
};

/** (f) An agent with 10,000 jobs: how soon it serves and lists them, and what it costs to have them. */
export async function benchJobs(bench: Bench): Promise<void> {
  for (const state of ['suspended', 'queued'] as const) await benchIn(state, bench);
}

async function benchIn(
  state: keyof typeof STATES,
  { folder, bin, runs, report }: Bench,
): Promise<void> {
  const machine = await Machine.create(bin, join(folder, `jobs-${state}`));
  await writeJobs(machine, state);
  const starts: number[] = [];
  for (let count = 1; count < runs; count++) {
    const startMs = performance.now();
    await using _ = await startAgent(machine);
    starts.push((performance.now() - startMs) / SECOND_MS);
  }
  const startMs = performance.now();
  await using agent = await startAgent(machine);
  starts.push((performance.now() - startMs) / SECOND_MS);
  const { socketPath } = machine;
  const commands: number[] = [];
  const requests: number[] = [];
  for (let count = -1; count < runs; count++) {
    const { seconds } = await machine.run('job', 'list');
    const requestSeconds = await timed(() => firstPage(socketPath));
    if (count < 0) continue;
    commands.push(seconds);
    requests.push(requestSeconds);
  }
  await sleep(SETTLE_MS);
  const busySeconds = cpuSeconds(agent.pid);
  await sleep(IDLE_SECONDS * SECOND_MS);
  const share = (cpuSeconds(agent.pid) - busySeconds) / IDLE_SECONDS;
  report({
    name: `(f) ${JOBS} jobs, ${STATES[state]}: the first page of them`,
    ours: `${shownMs(commands)} job list`,
    other: `${shownMs(requests)} the request alone`,
    ratio: undefined,
    aim: '<= 200 ms each',
  });
  report({
    name: `(f) ${JOBS} jobs, ${STATES[state]}: start to serving, and what they cost`,
    ours: `${shownMs(starts)} to serving`,
    other:
      `${(share * 100).toFixed(2)} % CPU over ${IDLE_SECONDS} s, ` +
      `${(peakBytes(agent.pid) / MEGABYTE).toFixed(0)} MB at most`,
    ratio: undefined,
    aim: '<= 2 s, < 1 %, <= 250 MB',
  });
}

/** Straight into the journal: how long it takes to ask for so many is not what is measured. */
async function writeJobs({ folder }: Machine, state: keyof typeof STATES): Promise<void> {
  const jobs = join(folder, 'jobs');
  await mkdir(jobs, { recursive: true, mode: 0o700 });
  using journal = openSqliteJournal(join(jobs, 'journal.db'));
  const secrets = { headers: [], origin: false, proxy: false, clientCertificate: false };
  journal.transact(() => {
    for (let number = 1; number <= JOBS; number++) {
      const id = randomUUID();
      const settings = settingsOf({ name: `job ${number}` }, DEFAULTS);
      const job = newJob(settings, { id, number, nowMs: Date.now(), secrets, fileCount: 1 });
      const request = { url: `${DOWN}/${number}`, path: join(folder, `file-${number}`) };
      journal.insertJob({ ...job, state }, [newFile(request, id, 0)]);
    }
  });
}

async function startAgent(machine: Machine) {
  const set = [
    'store.limit=1 GiB',
    'sharing.loopback=true',
    `jobs.folder=${join(machine.folder, 'jobs')}`,
    `jobs.most_jobs=${JOBS}`,
  ].flatMap((each) => ['--set', each]);
  return await machine.start(['agent', ...set], 'agent started');
}

async function firstPage(socketPath: string): Promise<void> {
  const { status } = await controlCall(socketPath, '/v1/jobs');
  if (status !== 200) throw new Error(`/v1/jobs was answered ${status}`);
}

function shownMs(seconds: readonly number[]): string {
  return `${(median(seconds) * SECOND_MS).toFixed(0)} ms`;
}
