import test from 'ava';
import { ObservedRate } from '../src/observed-rate.ts';

test('who brought nothing yet has no rate', (t) => {
  const rate = new ObservedRate();
  rate.note(0, 500);
  t.is(rate.bytesPerMs, undefined);
});

test('a steady rate is seen as it is', (t) => {
  const rate = new ObservedRate();
  for (let count = 0; count < 40; count++) rate.note(3000, 100);
  t.is(Math.round(rate.bytesPerMs ?? 0), 30);
});

test('what was long ago counts for little', (t) => {
  const rate = new ObservedRate();
  for (let count = 0; count < 40; count++) rate.note(3000, 100);
  for (let count = 0; count < 120; count++) rate.note(100, 100);
  const { bytesPerMs = 0 } = rate;
  t.true(bytesPerMs < 2, `${bytesPerMs}`);
});
