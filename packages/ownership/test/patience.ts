import test from 'ava';
import { Patience } from '../src/patience.ts';

test('at first one waits no longer than usual', (t) => {
  t.is(new Patience().factor, 1);
});

test('each crossing doubles the wait, to eight times at most', (t) => {
  const patience = new Patience();
  const factors = [1, 2, 3, 4].map(() => {
    patience.crossed();
    return patience.factor;
  });
  t.deepEqual(factors, [2, 4, 8, 8]);
});

test('runs that nobody else fetched shorten it again', (t) => {
  const patience = new Patience();
  patience.crossed();
  patience.brought();
  t.true(patience.factor > 1 && patience.factor < 2);
  for (let count = 0; count < 100; count++) patience.brought();
  t.is(patience.factor, 1);
});
