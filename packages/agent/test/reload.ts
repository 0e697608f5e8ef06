import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@peer-cache/core';
import { silentLog } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { readConfig } from '../src/config/config.ts';
import type { Config } from '../src/config/config.ts';
import { planReload, Reloading } from '../src/config/reload.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

function configWith(...set: readonly string[]): Config {
  return readConfig({ env: { PEER_CACHE_CONFIG: '/dev/null' }, set });
}

test('limits, timers, targets, costs and the log level take effect at once', (t) => {
  const set = [
    'jobs.most_jobs=10',
    'jobs.minimum_retry_delay=1 min',
    'log.level=debug',
    'notify.desk.command=/opt/tell',
    'network.cost.wwan0=capped',
    'serving.on_battery=true',
  ];
  const { applied, needsRestart, config } = planReload(configWith(), configWith(...set));
  t.deepEqual(applied, [
    'serving.on_battery',
    'jobs.most_jobs',
    'jobs.minimum_retry_delay',
    'log.level',
    'notify.desk.command',
    'network.cost.wwan0',
  ]);
  t.deepEqual(needsRestart, []);
  t.like(config, {
    jobs: { mostJobs: 10, minimumRetryDelayMs: 60_000 },
    log: { level: 'debug' },
    notify: { desk: { path: '/opt/tell' } },
    network: { costRules: [{ name: 'wwan0', cost: 'capped' }] },
    serving: { onBattery: true },
  });
  t.deepEqual(planReload(config, configWith()).applied.toSorted(), applied.toSorted());
});

test('folders, sharing, peers and origins wait for a restart, and stay as they are until then', (t) => {
  const before = configWith();
  const set = ['store.limit=1 GiB', 'jobs.folder=/srv/jobs', 'sharing.port=0', 'peers=a:7690'];
  const read = configWith(...set);
  const { applied, needsRestart, config } = planReload(before, read);
  t.deepEqual(applied, []);
  t.deepEqual(needsRestart, ['store.limit', 'sharing.port', 'peers', 'jobs.folder']);
  t.deepEqual([config.store, config.jobs, config.peers], [before.store, before.jobs, []]);
  t.deepEqual(byKey(config), byKey(before));
  // Asked again, they are still not in force.
  t.deepEqual(planReload(config, read).needsRestart, needsRestart);
});

test('what is the same needs nothing', (t) => {
  const set = ['jobs.most_jobs=10', 'store.limit=1 GiB'];
  t.like(planReload(configWith(...set), configWith(...set)), { applied: [], needsRestart: [] });
});

test.serial('at SIGHUP the file is read again, and the service manager told', async (t) => {
  const { file, told, reloaded, given, next } = await reloading(t);
  await writeFile(file, 'jobs.most_jobs = 7\nstore.limit = "1 GiB"\n');
  process.kill(process.pid, 'SIGHUP');
  t.deepEqual(await next(), {
    facts: { applied: ['jobs.most_jobs'], needsRestart: ['store.limit'] },
    message: 'configuration reloaded',
  });
  await reloaded();
  t.deepEqual(
    given.map(({ jobs }) => jobs.mostJobs),
    [7],
  );
  t.deepEqual(
    told.map((state) => state.replace(/\d{4,}/, 'N')),
    ['RELOADING=1', 'MONOTONIC_USEC=N', 'READY=1'],
  );
});

test.serial('a file that is wrong is refused, and the old configuration stays', async (t) => {
  const { file, given, next } = await reloading(t);
  await writeFile(file, 'jobs.most_jbs = 7\n');
  process.kill(process.pid, 'SIGHUP');
  t.like(await next(), {
    facts: { failure: { code: 'CONFIG_INVALID' } },
    message: 'configuration not reloaded; the old one stays',
  });
  t.deepEqual(given, []);
  await writeFile(file, 'jobs.most_jobs = 8\n');
  process.kill(process.pid, 'SIGHUP');
  t.like(await next(), { facts: { applied: ['jobs.most_jobs'] } });
});

test.serial('a SIGHUP that comes before the agent runs is obeyed when it does', async (t) => {
  const { file, start, next } = await reloading(t, { isStarted: false });
  await writeFile(file, 'jobs.most_jobs = 9\n');
  process.kill(process.pid, 'SIGHUP');
  start();
  t.like(await next(), { facts: { applied: ['jobs.most_jobs'] } });
});

interface Line {
  readonly facts: object;
  readonly message: string;
}

/** Follows SIGHUP for this very process. */
async function reloading(t: ExecutionContext, { isStarted = true } = {}) {
  const file = join(await temporaryFolder(t), 'config.toml');
  await writeFile(file, '');
  const lines: PromiseWithResolvers<Line>[] = [Promise.withResolvers()];
  const note = (facts: object, message: string): void => {
    lines.at(-1)?.resolve({ facts, message });
    lines.push(Promise.withResolvers());
  };
  const log: Log = { ...silentLog, info: note, warn: note };
  const told: string[] = [];
  const ready = Promise.withResolvers<void>();
  const tell = async (states: readonly string[]): Promise<void> => {
    told.push(...states);
    if (states.includes('READY=1')) ready.resolve();
  };
  const readAgain = (): Config => readConfig({ file, env: {} });
  const own = new Reloading({ log, readAgain, tell }, readAgain());
  t.teardown(() => own[Symbol.asyncDispose]());
  // A process that only waits for signals ends.
  const alive = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(alive));
  const given: Config[] = [];
  const start = (): void => own.start({ reconfigure: (config) => void given.push(config) });
  if (isStarted) start();
  const next = async (): Promise<Line | undefined> => {
    const line = await lines[0]?.promise;
    lines.shift();
    return line;
  };
  return { file, told, reloaded: () => ready.promise, given, start, next };
}

function byKey({ settings }: Config): unknown[] {
  return settings.map(({ key, value }) => `${key}=${JSON.stringify(value)}`).toSorted();
}
