import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import { OwnRate } from '../src/own-rate.ts';

test('what comes steadily is its rate, over any span', (t) => {
  const spans = fc.integer({ min: 100, max: 1900 });
  holds(
    t,
    fc.property(spans, fc.integer({ min: 1, max: 10 }), fc.nat(1e6), (spanMs, everyMs, fromMs) => {
      const rate = new OwnRate();
      for (let nowMs = fromMs; nowMs < fromMs + 3000; nowMs += everyMs) {
        rate.note(100 * everyMs, nowMs);
      }
      const found = rate.over(spanMs, fromMs + 3000);
      return found > 75 && found < 125;
    }),
  );
});

test('a longer span looks further back', (t) => {
  const rate = new OwnRate();
  for (let nowMs = 1; nowMs < 1000; nowMs++) rate.note(100, nowMs);
  for (let nowMs = 1000; nowMs < 2000; nowMs++) rate.note(10, nowMs);
  t.is(Math.round(rate.over(500, 2000)), 10);
  t.is(Math.round(rate.over(1800, 2000)), 50);
});

test('what comes just now does not count until its time is over', (t) => {
  const rate = new OwnRate();
  for (let nowMs = 1; nowMs < 1000; nowMs++) rate.note(100, nowMs);
  rate.note(1e6, 1001);
  t.is(Math.round(rate.over(300, 1002)), 100);
  t.true(rate.over(300, 1100) > 1000);
});

test('after two seconds of silence nothing is left, however often it is looked at', (t) => {
  const rate = new OwnRate();
  for (let nowMs = 1; nowMs < 1000; nowMs++) rate.note(100, nowMs);
  for (let nowMs = 1000; nowMs < 3000; nowMs += 30) rate.over(150, nowMs);
  t.is(rate.over(2000, 3100), 0);
  t.is(rate.over(2000, 1e7), 0);
  rate.note(500, 1e7 + 10);
  t.true(rate.over(100, 1e7 + 60) > 0);
});
