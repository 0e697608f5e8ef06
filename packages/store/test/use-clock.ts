import { DAY_MS, HOUR_MS } from '@peer-cache/core';
import test from 'ava';
import { UseClock } from '../src/use-clock.ts';

test('the clock follows the wall', (t) => {
  let wallMs = 1000;
  const clock = new UseClock(() => wallMs, undefined);
  t.is(clock.readMs(), 1000);
  wallMs += HOUR_MS;
  t.is(clock.readMs(), 1000 + HOUR_MS);
});

test('the clock never goes back when the wall does', (t) => {
  let wallMs = 100 * DAY_MS;
  const clock = new UseClock(() => wallMs, undefined);
  wallMs = 0;
  t.is(clock.readMs(), 100 * DAY_MS);
  wallMs = HOUR_MS;
  t.is(clock.readMs(), 100 * DAY_MS + HOUR_MS);
});

test('a jump of the wall counts for a day', (t) => {
  let wallMs = 0;
  const clock = new UseClock(() => wallMs, undefined);
  wallMs = 20_000 * DAY_MS;
  t.is(clock.readMs(), DAY_MS);
});

test('a time switched off counts for a day at most, and one with a wrong clock not at all', (t) => {
  t.is(new UseClock(() => 90 * DAY_MS, 10 * DAY_MS).readMs(), 11 * DAY_MS);
  t.is(new UseClock(() => 10 * DAY_MS + 5, 10 * DAY_MS).readMs(), 10 * DAY_MS + 5);
  t.is(new UseClock(() => 0, 10 * DAY_MS).readMs(), 10 * DAY_MS);
});
