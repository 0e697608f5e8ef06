import { GIB, KIB, SECOND_MS } from '@peer-cache/core';
import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import { TokenBucket } from '../src/token-bucket.ts';

const anyRate = fc.integer({ min: KIB, max: 2 * GIB });

test('no span of time gives more than the rate and 250 ms worth of it', (t) => {
  const asks = fc.array(
    fc.record({ afterMs: fc.double({ min: 0, max: 900, noNaN: true }), bytes: fc.nat(GIB) }),
    { maxLength: 60 },
  );
  holds(
    t,
    fc.property(anyRate, asks, (rate, list) => {
      const bucket = new TokenBucket(rate, 0);
      const taken: { atMs: number; bytes: number }[] = [];
      let nowMs = 0;
      for (const { afterMs, bytes } of list) {
        nowMs += afterMs;
        taken.push({ atMs: nowMs, bytes: bucket.take(bytes, nowMs) });
      }
      return taken.every(({ atMs: fromMs }, first) =>
        taken.slice(first).every(({ atMs: toMs }, count) => {
          const spanned = taken.slice(first, first + count + 1);
          const total = spanned.reduce((sum, { bytes }) => sum + bytes, 0);
          return total <= (rate * (toMs - fromMs + 250)) / SECOND_MS + 1;
        }),
      );
    }),
  );
});

test('what is waited for as long as it is said to take can be had then, and not before', (t) => {
  holds(
    t,
    fc.property(anyRate, fc.integer({ min: 1, max: 1024 * KIB }), (rate, bytes) => {
      const bucket = new TokenBucket(rate, 0);
      const waitMs = bucket.waitMs(bytes, 0) ?? Infinity;
      const wanted = Math.min(bytes, Math.floor(rate / 4));
      const tooEarly = new TokenBucket(rate, 0).available(waitMs - (2 * SECOND_MS) / rate);
      // A fraction of a byte is no byte yet.
      return tooEarly < wanted && bucket.available(waitMs + 0.001) >= wanted - 1;
    }),
  );
});

test('whoever takes what is there, every 100 ms, has the rate within 3 % after 10 s', (t) => {
  holds(
    t,
    fc.property(anyRate, (rate) => {
      const bucket = new TokenBucket(rate, 0);
      let total = 0;
      for (let nowMs = 100; nowMs <= 10 * SECOND_MS; nowMs += 100) {
        total += bucket.take(Infinity, nowMs);
      }
      return Math.abs(total / (10 * rate) - 1) < 0.03;
    }),
  );
});

test('a rate that changes while it runs holds from then on', (t) => {
  const bucket = new TokenBucket(1000, 0);
  bucket.setRate(2000, 100);
  t.is(bucket.available(100), 100, 'what grew at the old rate stays');
  t.is(bucket.available(200), 300);
  bucket.setRate(400, 300);
  t.is(bucket.available(300), 100, 'no more than 250 ms of the new rate');
});

test('a rate of 0 gives nothing, ever', (t) => {
  const bucket = new TokenBucket(1000, 0);
  bucket.setRate(0, 250);
  t.is(bucket.take(1, 9999), 0);
  t.is(bucket.waitMs(1, 9999), undefined);
  bucket.giveBack(50);
  t.is(bucket.available(9999), 0);
});

test('without a rate everything can be had, and is not counted', (t) => {
  const bucket = new TokenBucket(undefined, 0);
  t.is(bucket.take(GIB, 0), GIB);
  t.is(bucket.waitMs(GIB, 0), 0);
  bucket.giveBack(GIB);
  bucket.setRate(1000, 5000);
  t.is(bucket.available(5000), 0);
  t.is(bucket.available(5100), 100);
});

test('what was not used can be had again, up to 250 ms worth', (t) => {
  const bucket = new TokenBucket(1000, 0);
  t.is(bucket.take(250, 250), 250);
  bucket.giveBack(100);
  t.is(bucket.available(250), 100);
  bucket.giveBack(900);
  t.is(bucket.available(250), 250);
});

test('a clock that stands still or goes back adds nothing', (t) => {
  const bucket = new TokenBucket(1000, 500);
  t.is(bucket.available(500), 0);
  t.is(bucket.available(400), 0);
});
