import test from 'ava';
import { Round } from '../src/round.ts';

test('a round goes by the least delay of requests that were sent in it', (t) => {
  const round = new Round(1000);
  t.is(round.leastDelayMs, undefined);
  round.sampled(990, 5);
  t.is(round.leastDelayMs, undefined);
  round.sampled(1000, 40);
  round.sampled(1020, 30);
  round.sampled(1040, 50);
  t.is(round.leastDelayMs, 30);
});

test('it knows the most bytes that were under way, and whether more was refused', (t) => {
  const round = new Round(0);
  t.like(round, { mostBytes: 0, isLimited: false });
  for (const bytes of [4096, 16_384, 8192]) round.asked(bytes);
  round.wasRefused();
  t.like(round, { mostBytes: 16_384, isLimited: true });
});

test('it lasts until requests that were sent in it may have been answered', (t) => {
  const round = new Round(1000);
  t.false(round.isOver(1200, 200));
  t.true(round.isOver(1300, 200));
  t.false(round.isOver(1010, 2), 'not after each request where the way is short');
  t.true(round.isOver(1100, 2));
});
