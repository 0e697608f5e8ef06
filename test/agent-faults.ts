import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DAY_MS, MIB, SECOND_MS } from '@peer-cache/core';
import type { JobDetails } from '@peer-cache/protocol';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { makeLan, whyNoNamespaces } from '../packages/discovery/test/helpers/namespaces.ts';
import { AgentHome } from './helpers/agent-process.ts';
import { RefusedCallError } from './helpers/job-client.ts';
import { setUpJobs } from './helpers/job-setup.ts';
import type { JobSetup } from './helpers/job-setup.ts';
import { contentOf, temporaryFolder } from './helpers/parts.ts';
import { mountSmallDisk, whyNoSmallDisk } from './helpers/small-disk.ts';

const PACED_ORIGIN = fileURLToPath(new URL('fixtures/paced-origin.ts', import.meta.url));
/** Beyond the origin nobody hears of these agents. */
const ALONE = ['sharing.enabled=false'];
/** The promise is two seconds; a machine that does much else may be late. */
const GENEROUS_MS = 10 * SECOND_MS;

const onLan = unless(whyNoNamespaces());
const onSmallDisk = unless(whyNoSmallDisk());
const withFakeTime = unless(whyNoFakeTime());

test.serial('a job waits while the origin is off, and goes on by itself', async (t) => {
  await using setup = await setUpJobs({ large: 6 * MIB });
  await using _agent = await setup.home.start({ set: ALONE });
  const { client } = setup.home;
  const job = await setup.createJob('large', { minimumRetryDelaySeconds: 5 });
  const { doneBytes } = await client.until(job.id, (now) => now.doneBytes > MIB);
  await setup.stopOrigin();
  const waiting = await client.until(job.id, ({ state }) => state === 'transient-error');
  t.is(waiting.error?.code, 'ORIGIN_UNREACHABLE');
  t.true(waiting.doneBytes >= doneBytes);
  await setup.startOrigin();
  t.true(await setup.finish(job));
  const sentBytes = setup.sent.sentBytes(new Set(['large']));
  t.log(`${sentBytes - 6 * MIB} bytes came again`);
  t.true(sentBytes < 8 * MIB);
});

onLan('jobs wait for the network, and go on as soon as there is one', async (t) => {
  await using lan = await makeLan({ hosts: 2, network: '10.79.0' });
  await using folder = await temporaryFolder();
  const [far, near] = [lan.host(0), lan.host(1)];
  const sizeBytes = 12 * MIB;
  const rate = 2 * MIB;
  const origin = far.spawn(process.execPath, PACED_ORIGIN, far.address, `${sizeBytes}`, `${rate}`);
  const [port] = await once(createInterface({ input: origin.stdout }), 'line');
  const home = await AgentHome.create(folder.path);
  const wrapper = ['ip', 'netns', 'exec', near.namespace];
  await using _agent = await home.start({ set: ALONE, wrapper });
  const { client } = home;
  const path = join(folder.path, 'content');
  const files = [{ url: `http://${far.address}:${String(port)}/content`, path }];
  const { id } = await client.create({ name: 'content', files, resume: true });
  await client.until(id, ({ doneBytes }) => doneBytes > MIB);

  await near.setLink('down');
  const [downMs, waiting] = await timed(() =>
    client.until(id, ({ state }) => state === 'transient-error'),
  );
  t.is(waiting.error?.code, 'NETWORK_DISCONNECTED');
  await near.setLink('up');
  const [upMs] = await timed(() =>
    client.until(id, ({ state, doneBytes }) => isMoving(state) && doneBytes > waiting.doneBytes),
  );
  t.log(`waits ${Math.round(downMs)} ms after the link went, moves ${Math.round(upMs)} ms after`);
  t.true(downMs < GENEROUS_MS, `${downMs} ms`);
  t.true(upMs < GENEROUS_MS, `${upMs} ms`);
  await client.until(id, ({ state }) => state === 'transferred');
  await client.complete(id);
  t.true((await readFile(path)).equals(contentOf(sizeBytes)));
});

onSmallDisk('a job that filled the disk goes on when there is room again', async (t) => {
  await using setup = await setUpJobs({ large: 2 * MIB });
  await using disk = await mountSmallDisk(join(setup.folder, 'disk'), 4 * MIB);
  await using _agent = await setup.home.start({ set: ALONE });
  const { client } = setup.home;
  await disk.fill(MIB);
  const [file] = (await setup.createJob('large', { resume: false })).files;
  const files = [{ url: file?.url ?? '', path: join(disk.path, 'large') }];
  const job = await client.create({ name: 'large', files, resume: true });
  const { error } = await client.until(job.id, ({ state }) => state === 'transient-error');
  t.like(error, { code: 'DISK_FULL', context: 'local-file', transient: true });
  await disk.free();
  await client.do('resume', job.id);
  t.true(await setup.finish(job));
});

onSmallDisk('an agent whose journal has no room says so, and works again with room', async (t) => {
  await using setup = await setUpJobs({ large: 5 * MIB, small: 700 });
  await using disk = await mountSmallDisk(join(setup.folder, 'disk'), 4 * MIB);
  const set = [...ALONE, `jobs.folder=${join(disk.path, 'jobs')}`, 'jobs.most_jobs=1000'];
  await using agent = await setup.home.start({ set });
  const { client } = setup.home;
  const running = await setup.createJob('large', { priority: 'foreground' });
  await client.until(running.id, ({ doneBytes }) => doneBytes > 0);
  await disk.fill();
  const { created, refusal } = await createUntilRefused(setup);
  t.is(refusal.code, 'JOURNAL_FULL');
  t.is((await client.list()).length, created + 1);
  const stopped = await client.until(running.id, ({ state }) => !isMoving(state));
  t.log(`${created} jobs more, then ${refusal.message}; the one that ran is ${stopped.state}`);
  t.true(agent.isRunning);

  await disk.free();
  const small = await setup.createJob('small');
  t.true(await setup.finish(small));
  if (stopped.state !== 'transferred') await client.do('resume', running.id);
  t.true(await setup.finish(running));
  t.is((await client.list()).length, created);
});

withFakeTime('a clock that jumps cancels no job and adds no more than a day', async (t) => {
  await using setup = await setUpJobs({ one: 5, two: 700 });
  await setup.stopOrigin();
  const { home } = setup;
  const set = [...ALONE, 'jobs.inactivity_timeout=30 d', 'jobs.no_progress_timeout=10 d'];
  const dates = ['@1970-01-02 00:00:00', '+0d', '+120d', '+0d'];
  const jobs: JobDetails[] = [];
  for (const [jumps, date] of dates.entries()) {
    await using agent = await home.start({ set, wrapper: fakeTime(date) });
    if (jumps === 0) {
      jobs.push(await setup.createJob('one', { resume: false }), await setup.createJob('two'));
    }
    const [idle = '', tried = ''] = jobs.map(({ id }) => id);
    const waiting = await home.client.until(tried, ({ state }) => state === 'transient-error');
    for (const { times, state } of [waiting, await home.client.details(idle)]) {
      t.true(['suspended', 'transient-error'].includes(state));
      const mostSeconds = (Math.min(jumps, 2) * DAY_MS) / SECOND_MS + 60;
      t.true(times.inactiveSeconds < mostSeconds, `${times.inactiveSeconds} s`);
      t.true(times.noProgressSeconds < mostSeconds, `${times.noProgressSeconds} s`);
    }
    t.log(`${date}: inactive for ${(await home.client.details(idle)).times.inactiveSeconds} s`);
    agent.kill('SIGTERM');
    t.is(await agent.exited, 0);
  }
});

test.serial('an agent that is told to stop ends within seconds and loses nothing', async (t) => {
  const sizes = { one: 4 * MIB, two: 6 * MIB, three: 8 * MIB };
  await using setup = await setUpJobs(sizes);
  const { client } = setup.home;
  const agent = await setup.home.start({ set: ALONE });
  const jobs = await Promise.all(Object.keys(sizes).map((name) => setup.createJob(name)));
  for (const { id } of jobs) await client.until(id, ({ doneBytes }) => doneBytes > MIB);
  agent.kill('SIGTERM');
  const [stopMs, exitCode] = await timed(() => agent.exited);
  t.is(exitCode, 0);
  t.true(stopMs < 5 * SECOND_MS, `${stopMs} ms`);

  await using _next = await setup.home.start({ set: ALONE });
  for (const job of jobs) t.true(await setup.finish(job));
  const sentBytes = setup.sent.sentBytes(new Set(Object.keys(sizes)));
  const againBytes = sentBytes - 18 * MIB;
  t.log(`stopped after ${Math.round(stopMs)} ms; ${againBytes} bytes came again`);
  t.true(againBytes < 3 * MIB);
});

test.serial('a configuration that is read again disturbs no transfer', async (t) => {
  await using setup = await setUpJobs({ large: 6 * MIB });
  const { client } = setup.home;
  await using agent = await setup.home.start({ set: ALONE });
  const job = await setup.createJob('large');
  await client.until(job.id, ({ doneBytes }) => doneBytes > MIB);
  const folder = join(setup.folder, 'CONFIG_HOME', 'peer-cache');
  await mkdir(folder, { recursive: true });
  for (const atOnce of [1, 20]) {
    await writeFile(join(folder, 'config.toml'), `[jobs]\nrunning_at_once = ${atOnce}\n`);
    agent.lines.splice(0);
    agent.kill('SIGHUP');
    await agent.said(`"applied":["jobs.running_at_once"]`);
    const { state } = await client.details(job.id);
    t.true(isMoving(state), state);
  }
  t.true(await setup.finish(job));
  t.is(setup.sent.sentBytes(new Set(['large'])), 6 * MIB);
});

/** Creates jobs until one is refused: the journal's log has some room in itself. */
async function createUntilRefused(setup: JobSetup) {
  const description = 'x'.repeat(1024);
  for (let created = 0; created < 900; created++) {
    try {
      await setup.createJob('small', { name: `filler ${created}`, description, resume: false });
    } catch (error) {
      if (error instanceof RefusedCallError) return { created, refusal: error };
      throw error;
    }
  }
  throw new Error('the journal never filled up');
}

function isMoving(state: string): boolean {
  return state === 'transferring' || state === 'connecting' || state === 'queued';
}

async function timed<T>(act: () => Promise<T>): Promise<[number, T]> {
  const startedMs = performance.now();
  const result = await act();
  return [performance.now() - startedMs, result];
}

function whyNoFakeTime(): string | undefined {
  const { error } = spawnSync('faketime', ['--version']);
  return error === undefined ? undefined : 'needs faketime (a Debian package)';
}

/** As `faketime -f DATE` would start a program, but in its own place: signals reach the program. */
function fakeTime(date: string): string[] {
  const { stdout } = spawnSync('faketime', ['-f', date, 'printenv', 'LD_PRELOAD']);
  const preload = `LD_PRELOAD=${stdout.toString().trim()}`;
  return ['env', preload, `FAKETIME=${date}`, 'FAKETIME_DONT_FAKE_MONOTONIC=1'];
}

/** A test that is skipped, with the reason in its title, where it can't be done. */
function unless(why: string | undefined) {
  return (title: string, body: (t: ExecutionContext) => Promise<void>): void => {
    if (why === undefined) test.serial(title, body);
    else test.serial.skip(`${title} (${why})`, () => undefined);
  };
}
