import { KIB, MIB, SECOND_MS } from '@peer-cache/core';
import type { JobPriority } from '@peer-cache/protocol';
import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import { NO_LIMITS } from '../src/limit-config.ts';
import type { LimitInterval, LimitKey, LimitsConfig, RateLimit } from '../src/limit-config.ts';
import { Limits } from '../src/limits.ts';
import type { Leave, Taker } from '../src/limits.ts';
import { HandClock } from './helpers/hand-clock.ts';

const MONDAY_NOON = new Date(2026, 0, 5, 12);
const LOW: Taker = { priority: 'low' };
const workHours: LimitInterval = {
  name: 'work-hours',
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  fromMinute: 8 * 60,
  toMinute: 18 * 60,
  rates: { low: { bytesPerSecond: MIB } },
};

test('what asks without any limit gets all it wants', (t) => {
  const limits = new Limits('wan', new HandClock(), NO_LIMITS);
  t.deepEqual(limits.take({ ...LOW, jobId: 'a' }, 5 * MIB), { bytes: 5 * MIB });
  t.deepEqual(limits.explain(LOW), []);
});

test('all limits that apply are charged with the same bytes, and none for a refusal', (t) => {
  const clock = new HandClock();
  const limits = new Limits('wan', clock, configOf({ wan: 800 * KIB, low: 400 * KIB }));
  const slow = { ...LOW, jobId: 'slow', jobLimit: 80 * KIB };
  limits.take(slow, 1);
  clock.pass(1000);
  t.deepEqual(limits.take(slow, MIB), { bytes: 20 * KIB });
  t.deepEqual(limits.take(slow, MIB), { retryMs: 125, by: 'job' });
  t.deepEqual(limits.take(LOW, MIB), { bytes: 80 * KIB }, 'priority low has 100 KiB');
  t.deepEqual(limits.take({ priority: 'high' }, MIB), { bytes: 100 * KIB }, 'the WAN has 200 KiB');
});

test('the LAN and serving know no priority', (t) => {
  const config = configOf({ lan: MIB, low: 0, serving: 0 });
  t.is(new Limits('lan', new HandClock(), config).explain(LOW).length, 1);
  t.deepEqual(new Limits('serving', new HandClock(), config).take(LOW, 1), {
    retryMs: undefined,
    by: 'serving',
  });
});

test('a limit of 0 blocks until it is another, and whoever listens is told', (t) => {
  const clock = new HandClock();
  using limits = new Limits('wan', clock, configOf({ wan: 4 * MIB, low: 0 }));
  let changes = 0;
  const listening = limits.onChange(() => changes++);
  t.deepEqual(limits.take(LOW, MIB), { retryMs: undefined, by: 'low' });
  limits.reconfigure(configOf({ wan: 4 * MIB, low: 2 * MIB }));
  t.is(changes, 1);
  clock.pass(250);
  t.deepEqual(limits.take(LOW, MIB), { bytes: 512 * KIB });
  listening[Symbol.dispose]();
  limits.reconfigure(NO_LIMITS);
  t.is(changes, 1);
});

test('a job that is blocked goes on with its new limit', (t) => {
  const clock = new HandClock();
  const limits = new Limits('wan', clock, NO_LIMITS);
  const blocked = { ...LOW, jobId: 'a', jobLimit: 0 };
  t.deepEqual(limits.take(blocked, MIB), { retryMs: undefined, by: 'job' });
  t.deepEqual(limits.take({ ...blocked, jobLimit: 64 * KIB }, MIB), { retryMs: 125, by: 'job' });
  clock.pass(125);
  t.deepEqual(limits.take({ ...blocked, jobLimit: 64 * KIB }, MIB), { bytes: 8 * KIB });
  t.deepEqual(limits.take({ ...LOW, jobId: 'a' }, MIB), { bytes: MIB }, 'none any more');
});

test('a schedule switches within a second, and says until when it holds', (t) => {
  const clock = new HandClock(new Date(2026, 0, 5, 7, 59, 59, 700));
  const base = configOf({ low: 4 * MIB });
  using limits = new Limits('wan', clock, { ...base, schedule: [workHours] });
  const switchedMs: number[] = [];
  limits.onChange(() => switchedMs.push(clock.uptimeMs()));
  const before = limits.explain(LOW);
  t.like(before[0], { key: 'limits.low', bytesPerSecond: 4 * MIB, interval: undefined });
  t.deepEqual(before[0]?.until, new Date(2026, 0, 5, 8));
  clock.pass(1300);
  t.deepEqual(switchedMs, [500]);
  t.deepEqual(limits.explain(LOW), [
    {
      name: 'low',
      bytesPerSecond: MIB,
      key: 'schedule.work-hours.low',
      interval: 'work-hours',
      until: new Date(2026, 0, 5, 18),
      linkShare: undefined,
    },
  ]);
  t.deepEqual(limits.take(LOW, 2 * MIB), { bytes: 256 * KIB }, '250 ms of the new rate');
});

test('a clock on the wall that is set is noticed', (t) => {
  const clock = new HandClock(new Date(2026, 0, 4, 12));
  using limits = new Limits('wan', clock, { ...NO_LIMITS, schedule: [workHours] });
  t.deepEqual(limits.explain(LOW), []);
  clock.setWall(MONDAY_NOON);
  clock.pass(500);
  t.is(limits.explain(LOW)[0]?.interval, 'work-hours');
});

test('a schedule may lift a limit', (t) => {
  const lifted = { ...workHours, rates: { low: 'none' } } as const;
  const config = { ...configOf({ low: 0 }), schedule: [lifted] };
  const limits = new Limits('wan', new HandClock(MONDAY_NOON), config);
  t.deepEqual(limits.take(LOW, MIB), { bytes: MIB });
});

test('a share of the link is no limit until the link is measured, and follows it then', (t) => {
  const rates = { ...NO_LIMITS.rates, wan: { linkShare: 0.5 } };
  const limits = new Limits('wan', new HandClock(), { rates, schedule: [] });
  let changes = 0;
  limits.onChange(() => changes++);
  t.deepEqual(limits.explain(LOW), []);
  limits.setLink(2 * MIB);
  t.like(limits.explain(LOW)[0], { name: 'wan', bytesPerSecond: MIB, linkShare: 0.5 });
  limits.setLink(2 * MIB);
  t.is(changes, 1, 'the same is no change');
  limits.setLink(1);
  t.is(limits.explain(LOW)[0]?.bytesPerSecond, KIB, 'a wrong measurement blocks nothing');
});

test('the slowest limit is told first, the job among them', (t) => {
  const limits = new Limits('wan', new HandClock(), configOf({ wan: 2 * MIB, low: 4 * MIB }));
  const names = (jobLimit: number): string[] =>
    limits.explain({ ...LOW, jobLimit }).map(({ name }) => name);
  t.deepEqual(names(3 * MIB), ['wan', 'job', 'low']);
  t.deepEqual(names(0), ['job', 'wan', 'low']);
});

test('what was taken and not used can be had again', (t) => {
  const clock = new HandClock();
  const limits = new Limits('wan', clock, configOf({ wan: MIB, low: MIB }));
  const own = { ...LOW, jobId: 'a', jobLimit: MIB };
  limits.take(own, 1);
  clock.pass(250);
  t.deepEqual(limits.take(own, MIB), { bytes: 256 * KIB });
  limits.giveBack(own, 64 * KIB);
  t.deepEqual(limits.take(own, MIB), { bytes: 64 * KIB });
});

test('a job that asks for nothing for a while begins with nothing saved up', (t) => {
  const clock = new HandClock();
  using limits = new Limits('wan', clock, NO_LIMITS);
  const own = { ...LOW, jobId: 'a', jobLimit: 800 * KIB };
  limits.take(own, 1);
  clock.pass(5 * SECOND_MS);
  t.deepEqual(limits.take(own, MIB), { bytes: 200 * KIB });
  clock.pass(20 * SECOND_MS);
  t.true('by' in limits.take(own, MIB));
});

interface Asker {
  readonly priority: JobPriority;
  readonly jobLimit: number | undefined;
  readonly wantedBytes: number;
}

const anyRate = fc.oneof(fc.constant(undefined), fc.integer({ min: 256 * KIB, max: 64 * MIB }));
const anyAsker: fc.Arbitrary<Asker> = fc.record({
  priority: fc.constantFrom('foreground', 'high', 'normal', 'low'),
  jobLimit: anyRate,
  wantedBytes: fc.integer({ min: 96 * KIB, max: 4 * MIB }),
});

test('whoever asks when told, up to 50 ms late: no limit is passed, and one is used within 3 %', (t) => {
  const anyRates = fc.record({ wan: anyRate, high: anyRate, normal: anyRate, low: anyRate });
  const askers = fc.array(anyAsker, { minLength: 1, maxLength: 5 });
  const lateness = fc.array(fc.nat(50), { minLength: 1, maxLength: 20 });
  holds(
    t,
    fc.property(anyRates, askers, lateness, (rates, list, lateMs) => {
      const limited = { ...rates, wan: rates.wan ?? 64 * MIB };
      const taken = run(limited, list, lateMs);
      for (const [name, rate] of limitsOf(limited, list)) {
        const bytes = taken.get(name) ?? 0;
        if (bytes > 10 * rate * 1.03) throw new Error(`${name} passed: ${bytes / 10 / rate}`);
      }
      for (const asker of list) {
        const names = namesFor(asker, list).filter((name) => limitsOf(limited, list).has(name));
        const isFull = names.some((name) => {
          return (taken.get(name) ?? 0) >= 10 * (limitsOf(limited, list).get(name) ?? 0) * 0.97;
        });
        if (!isFull) throw new Error(`nothing holds ${namesFor(asker, list).join()}`);
      }
    }),
    { numRuns: 60 },
  );
});

test('no leave is for less than 4 KiB, 125 ms worth, or what is wanted', (t) => {
  const rate = fc.integer({ min: KIB, max: MIB });
  const asks = fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: MIB })));
  holds(
    t,
    fc.property(rate, asks, (bytesPerSecond, list) => {
      const clock = new HandClock();
      const limits = new Limits('wan', clock, configOf({ wan: bytesPerSecond }));
      return list.every(([afterMs, wantedBytes]) => {
        clock.pass(afterMs);
        const leave = limits.take(LOW, wantedBytes);
        const least = Math.min(4 * KIB, bytesPerSecond / 8, wantedBytes);
        return !('bytes' in leave) || leave.bytes >= least;
      });
    }),
  );
});

/** Lets all ask for 10 s of virtual time; bytes by the limit that they counted for. */
function run(
  rates: Partial<Record<LimitKey, number | undefined>>,
  askers: readonly Asker[],
  lateMs: readonly number[],
): Map<string, number> {
  const clock = new HandClock();
  const limits = new Limits('wan', clock, configOf(rates));
  const taken = new Map<string, number>();
  const dueMs = askers.map(() => 0);
  for (let turn = 0; ; turn++) {
    const atMs = Math.min(...dueMs);
    if (atMs >= 10 * SECOND_MS) return taken;
    clock.pass(atMs - clock.uptimeMs());
    const index = dueMs.indexOf(atMs);
    const asker = askers[index];
    if (asker === undefined) return taken;
    const leave = limits.take({ ...asker, jobId: String(index) }, asker.wantedBytes);
    note(taken, leave, namesFor(asker, askers));
    // Who got something asks again at once, as far as a thousand requests a second go.
    const waitMs = 'bytes' in leave ? 1 : (leave.retryMs ?? Infinity);
    dueMs[index] = atMs + waitMs + ('by' in leave ? (lateMs[turn % lateMs.length] ?? 0) : 0);
  }
}

function note(taken: Map<string, number>, leave: Leave, names: readonly string[]): void {
  if (!('bytes' in leave)) return;
  for (const name of names) taken.set(name, (taken.get(name) ?? 0) + leave.bytes);
}

function namesFor(asker: Asker, askers: readonly Asker[]): string[] {
  return ['wan', asker.priority, `job ${askers.indexOf(asker)}`];
}

function limitsOf(
  rates: Partial<Record<LimitKey, number | undefined>>,
  askers: readonly Asker[],
): Map<string, number> {
  const own = askers.map(({ jobLimit }, index) => [`job ${index}`, jobLimit] as const);
  const all = [...Object.entries(rates), ...own];
  return new Map(all.flatMap(([name, rate]) => (rate === undefined ? [] : [[name, rate]])));
}

function configOf(bytesPerSecond: Partial<Record<LimitKey, number | undefined>>): LimitsConfig {
  const written = Object.entries(bytesPerSecond).flatMap(([key, rate]): [string, RateLimit][] =>
    rate === undefined ? [] : [[key, { bytesPerSecond: rate }]],
  );
  return { rates: { ...NO_LIMITS.rates, ...Object.fromEntries(written) }, schedule: [] };
}
