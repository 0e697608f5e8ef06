import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NO_LIMITS } from '@peer-cache/bandwidth';
import type { LimitInterval } from '@peer-cache/bandwidth';
import { KIB, MIB } from '@peer-cache/core';
import test from 'ava';
import { readConfig } from '../src/config/config.ts';
import type { Config } from '../src/config/config.ts';
import { planReload } from '../src/config/reload.ts';
import { ConfigInvalidError } from '../src/errors.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const NO_FILE = { PEER_CACHE_CONFIG: '/dev/null' };

function configWith(...set: readonly string[]): Config {
  return readConfig({ env: NO_FILE, set });
}

test('without any word of the user nothing is limited', (t) => {
  t.deepEqual(configWith().limits, NO_LIMITS);
});

const accepts = test.macro<[string, unknown]>({
  exec(t, text, expected) {
    t.deepEqual(configWith(`limits.wan=${text}`).limits.rates.wan, expected);
  },
  title: (_, text) => `limits.wan=${text} is accepted`,
});

test(accepts, '2 MiB/s', { bytesPerSecond: 2 * MIB });
test(accepts, '20 Mbit/s', { bytesPerSecond: 2_500_000 });
test(accepts, '1 KiB/s', { bytesPerSecond: KIB });
test(accepts, '0', { bytesPerSecond: 0 });
test(accepts, '50%', { linkShare: 0.5 });
test(accepts, 'none', 'none');

const refuses = test.macro<[string, ...string[]]>({
  exec(t, option, ...parts) {
    const error = t.throws(() => configWith(option), { instanceOf: ConfigInvalidError });
    for (const part of parts) t.true(error?.message.includes(part), error?.message);
  },
  title: (_, option) => `${option} is refused with what was expected`,
});

test(refuses, 'limits.wan=2 MiB', 'limits.wan is "2 MiB"; expected a rate from 1 kB/s', '"50%"');
test(refuses, 'limits.low=500 B/s', 'expected a rate from 1 kB/s');
test(refuses, 'limits.wan=0%', 'expected a rate');
test(refuses, 'limits.wan=101%', 'expected a rate');
test(refuses, 'limits.lan=50%', 'limits.lan is "50%"; expected a rate', 'or "none"');
test(refuses, 'limits.lan=0', 'limits.lan is "0"; expected a rate from 1 kB/s');
test(refuses, 'limits.wann=0', 'did you mean limits.wan?');
test(refuses, 'schedule.night.from=22:00', 'schedule.night needs from and to, and has no to');
test(refuses, 'schedule.night.form=22:00', 'did you mean schedule.night.from?');
test(refuses, 'schedule.9to5.from=09:00', 'unknown key schedule.9to5.from');
test(refuses, 'jobs.cost_policy=cheap', 'always, unrestricted, standard, no-surcharge, not-roam');

const NIGHT = ['schedule.night.from=22:00', 'schedule.night.to=06:00'];

const reads = test.macro<[readonly string[], Partial<LimitInterval>]>({
  exec(t, set, expected) {
    const given = ['schedule.night.low=none', ...NIGHT, ...set];
    t.like(configWith(...given).limits.schedule[0], expected);
  },
  title: (_, set) => `an interval with ${set.join(' and ') || 'no days'} is read`,
});

test(reads, [], {
  name: 'night',
  days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  fromMinute: 22 * 60,
  toMinute: 6 * 60,
  rates: { low: 'none' },
});
test(reads, ['schedule.night.days=mon-wed, sat, sat'], { days: ['mon', 'tue', 'wed', 'sat'] });
test(reads, ['schedule.night.days=fri-mon'], { days: ['fri', 'sat', 'sun', 'mon'] });
test(reads, ['schedule.night.to=24:00'], { toMinute: 24 * 60 });
test(reads, ['schedule.night.wan=50%', 'schedule.night.serving=0'], {
  rates: { wan: { linkShare: 0.5 }, serving: { bytesPerSecond: 0 }, low: 'none' },
});

const refusesInterval = test.macro<[string, string]>({
  exec(t, option, part) {
    const set = [...NIGHT, ...(option === '' ? [] : ['schedule.night.low=0', option])];
    const error = t.throws(() => configWith(...set), { instanceOf: ConfigInvalidError });
    t.true(error?.message.includes(part), error?.message);
  },
  title: (_, option) => `an interval with ${option || 'no limit'} is refused`,
});

test(refusesInterval, '', 'schedule.night changes no limit; give it one of wan, lan,');
test(refusesInterval, 'schedule.night.lan=0', 'expected a rate from 1 kB/s');
test(refusesInterval, 'schedule.night.days=', 'expected days such as');
test(refusesInterval, 'schedule.night.days=monday', 'expected days such as');
test(refusesInterval, 'schedule.night.days=mon-tue-wed', 'expected days such as');
test(
  refusesInterval,
  'schedule.night.from=24:00',
  'expected a time of day from "00:00" to "23:59"',
);
test(refusesInterval, 'schedule.night.from=8:00', 'expected a time of day');
test(refusesInterval, 'schedule.night.to=24:01', 'expected a time of day from "00:00" to "24:00"');

test('intervals are in the order of the file, and listed with the settings', async (t) => {
  const file = join(await temporaryFolder(t), 'config.toml');
  await writeFile(
    file,
    [
      '[limits]\nlow = "4 MiB/s"\nserving = 0',
      '[schedule.maintenance]\ndays = ["sun"]\nfrom = "02:00"\nto = "04:00"\nlow = "none"',
      '[schedule.always]\nfrom = "00:00"\nto = "24:00"\nlow = "1 MiB/s"\n',
    ].join('\n'),
  );
  const { limits, settings } = readConfig({ file, env: {} });
  t.deepEqual(limits.rates.serving, { bytesPerSecond: 0 });
  t.deepEqual(
    limits.schedule.map(({ name }) => name),
    ['maintenance', 'always'],
  );
  const listed = settings.filter(({ key }) => key.startsWith('schedule.'));
  t.is(listed.length, 7);
  t.true(listed.every(({ from }) => from === file));
});

test('a table that is empty is refused', async (t) => {
  const file = join(await temporaryFolder(t), 'config.toml');
  await writeFile(file, '[schedule.night]\n');
  const error = t.throws(() => readConfig({ file, env: {} }), { instanceOf: ConfigInvalidError });
  t.true(error?.message.includes('unknown key schedule.night'), error?.message);
});

test('a variable can set a limit, and no interval', (t) => {
  const env = { ...NO_FILE, PEER_CACHE_LIMITS_LOW: '1 MiB/s' };
  t.deepEqual(readConfig({ env }).limits.rates.low, { bytesPerSecond: MIB });
  const wrong = { ...NO_FILE, PEER_CACHE_SCHEDULE_NIGHT_FROM: '22:00' };
  t.throws(() => readConfig({ env: wrong }), { instanceOf: ConfigInvalidError });
});

test('limits and schedules take effect at once', (t) => {
  const set = [...NIGHT, 'schedule.night.low=0', 'limits.wan=1 MiB/s', 'jobs.cost_policy=standard'];
  const read = configWith(...set);
  const { config, needsRestart } = planReload(configWith(), read);
  t.deepEqual(needsRestart, []);
  t.deepEqual(config.limits, read.limits);
  t.is(config.jobs.costPolicy, 'standard');
});
