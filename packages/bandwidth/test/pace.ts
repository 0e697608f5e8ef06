import { setImmediate as turn } from 'node:timers/promises';
import { KIB, MIB, SECOND_MS } from '@peer-cache/core';
import test from 'ava';
import { NO_LIMITS } from '../src/limit-config.ts';
import type { LimitsConfig } from '../src/limit-config.ts';
import { Limits } from '../src/limits.ts';
import { Pace } from '../src/pace.ts';
import { HandClock } from './helpers/hand-clock.ts';

const NEVER = new AbortController().signal;

function paced(bytesPerSecond: number) {
  const clock = new HandClock();
  const limits = new Limits('lan', clock, configOf(bytesPerSecond));
  return { clock, limits, pace: new Pace(limits, (ms, signal) => clock.sleep(ms, signal)) };
}

test('what is waited for comes at the rate, to all who wait', async (t) => {
  const { clock, pace } = paced(MIB);
  let bytes = 0;
  const leave = new AbortController();
  const takers = Array.from({ length: 5 }, async () => {
    while (!leave.signal.aborted) {
      const taken = await pace.take({ least: 64 * KIB, most: MIB }, { signal: leave.signal });
      bytes += taken;
    }
  });
  for (let ms = 0; ms < 10 * SECOND_MS; ms += 10) {
    clock.pass(10);
    await turn();
  }
  t.true(Math.abs(bytes / (10 * MIB) - 1) < 0.03, `${bytes}`);
  leave.abort(new Error('enough'));
  const ends = await Promise.allSettled(takers);
  t.true(ends.every(({ status }) => status === 'rejected'));
});

test('more than there may be at once is gathered', async (t) => {
  const { clock, pace } = paced(64 * KIB);
  let isHere = false;
  const taken = pace.take({ least: 64 * KIB, most: 64 * KIB }, { signal: NEVER });
  void taken.then(() => (isHere = true));
  for (let ms = 0; ms < 990; ms += 10) {
    clock.pass(10);
    await turn();
  }
  t.false(isHere);
  for (let ms = 0; ms < 30; ms += 10) {
    clock.pass(10);
    await turn();
  }
  t.is(await taken, 64 * KIB);
});

test('who waits while nothing may go is woken by another limit', async (t) => {
  const { limits, pace } = paced(0);
  t.is(pace.rate, 0);
  const taken = pace.take({ least: 1, most: 10 }, { signal: NEVER });
  limits.reconfigure(NO_LIMITS);
  t.is(await taken, 10);
  t.is(pace.rate, undefined);
});

test('who leaves while waiting gives back what was gathered', async (t) => {
  const { clock, pace } = paced(64 * KIB);
  const leave = new AbortController();
  const taken = pace.take({ least: 64 * KIB, most: 64 * KIB }, leave);
  clock.pass(125);
  await turn();
  leave.abort(new Error('left'));
  await t.throwsAsync(taken, { message: 'left' });
  t.is(await pace.take({ least: 1, most: MIB }, { signal: NEVER }), 8 * KIB);
});

function configOf(bytesPerSecond: number): LimitsConfig {
  return { ...NO_LIMITS, rates: { ...NO_LIMITS.rates, lan: { bytesPerSecond } } };
}
