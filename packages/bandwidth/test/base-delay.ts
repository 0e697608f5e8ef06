import { MINUTE_MS, SECOND_MS } from '@peer-cache/core';
import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import { BaseDelay } from '../src/base-delay.ts';

test('the base is the least delay of the last minutes, whatever came between', (t) => {
  const anyDelays = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 50 });
  holds(
    t,
    fc.property(anyDelays, fc.integer({ min: 1, max: 3000 }), (delays, everyMs) => {
      const base = new BaseDelay();
      for (const [at, delayMs] of delays.entries()) base.note(delayMs, at * everyMs);
      return base.ms === Math.min(...delays);
    }),
  );
});

test('nothing is known before the first sample', (t) => {
  t.is(new BaseDelay().ms, undefined);
});

test('a way that became longer is believed after some minutes of traffic', (t) => {
  const base = new BaseDelay();
  base.note(20, 0);
  let nowMs = 0;
  for (; nowMs < MINUTE_MS; nowMs += SECOND_MS) base.note(80, nowMs);
  t.is(base.ms, 20);
  for (; nowMs < 10 * MINUTE_MS; nowMs += SECOND_MS) base.note(80 + (nowMs % 7), nowMs);
  t.is(base.ms, 80);
});

/** Tries while nothing else is under way, twice a second for 20 s. */
function tryAlone(base: BaseDelay, delayOf: (at: number) => number): void {
  for (let at = 0; at < 40; at++) base.noteAlone(delayOf(at), MINUTE_MS + at * 500);
}

test('tries that all take the same are those of a longer way', (t) => {
  const base = new BaseDelay();
  base.note(20, 0);
  tryAlone(base, (at) => 80 + (at % 2));
  t.is(base.ms, 80);
});

test('tries that differ stand in a queue, and the way is no longer than it was', (t) => {
  const base = new BaseDelay();
  base.note(20, 0);
  tryAlone(base, (at) => 80 + 4 * (at % 5));
  t.is(base.ms, 20);
});

test('a few tries in quick succession that take the same prove nothing', (t) => {
  const base = new BaseDelay();
  base.note(20, 0);
  for (let at = 0; at < 100; at++) base.noteAlone(80, MINUTE_MS + at * 20);
  t.is(base.ms, 20);
});

test('a way that became shorter is known at once', (t) => {
  const base = new BaseDelay();
  tryAlone(base, () => 80);
  base.note(20, 2 * MINUTE_MS);
  t.is(base.ms, 20);
});
