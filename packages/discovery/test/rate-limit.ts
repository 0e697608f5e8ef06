import test from 'ava';
import { RateLimit } from '../src/rate-limit.ts';

test('tokens come back with time, up to a second of them', (t) => {
  let nowMs = 0;
  const limit = new RateLimit({ perSourcePerSecond: 10, totalPerSecond: 100 }, () => nowMs);
  const taken = (source: string): number => {
    let count = 0;
    while (limit.take(source)) count++;
    return count;
  };
  t.is(taken('a'), 10);
  t.is(taken('b'), 10, 'each source has its own');
  nowMs = 300;
  t.is(taken('a'), 3);
  nowMs = 1_000_000;
  t.is(taken('a'), 10);
});

test('sources that are made up are limited together and forgotten', (t) => {
  const limit = new RateLimit({ perSourcePerSecond: 10, totalPerSecond: 100 }, () => 0);
  let count = 0;
  for (let source = 0; source < 5000; source++) {
    if (limit.take(`source ${source}`)) count++;
  }
  t.is(count, 100);
});
