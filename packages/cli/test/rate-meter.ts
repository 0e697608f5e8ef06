import test from 'ava';
import { RateMeter } from '../src/rate-meter.ts';

test('the rate is that of the last three seconds', (t) => {
  const meter = new RateMeter();
  for (let second = 0; second <= 5; second++) meter.add(second * 1000, second * 100);
  t.is(meter.bytesPerSecond, 100);
  for (let second = 6; second <= 9; second++) meter.add(second * 1000, 500);
  t.is(meter.bytesPerSecond, 0);
});

test('one look tells no rate, and a new beginning none below zero', (t) => {
  const meter = new RateMeter();
  meter.add(0, 100);
  t.is(meter.bytesPerSecond, 0);
  meter.add(1000, 10);
  t.is(meter.bytesPerSecond, 0);
});
