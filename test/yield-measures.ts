import test from 'ava';
import { ALL_CELLS, CHOSEN_CELLS } from './bench/yield/cells.ts';
import type { Cell } from './bench/yield/cells.ts';
import { leakOf, unevennessOf } from './bench/yield/job-shares.ts';
import { bytesWithin, mbitWithin, quantile, secondsUntil } from './bench/yield/samples.ts';
import type { Sample } from './bench/yield/samples.ts';
import { mediansOf, misses } from './bench/yield/yield-measures.ts';

const SAMPLE_MS = 100;
const BYTES_PER_MBIT = 1e6 / 8;
const isLow = (mbit: number): boolean => mbit < 5;
const isBack = (mbit: number): boolean => mbit >= 45;

/** A counter read every 100 ms, while the rate is each of these for so many seconds. */
function counted(...parts: readonly (readonly [seconds: number, mbit: number])[]): Sample[] {
  const samples: Sample[] = [{ ms: 0, bytes: 0 }];
  for (const [seconds, mbit] of parts) {
    for (let step = 0; step < (seconds * 1000) / SAMPLE_MS; step++) {
      const { ms, bytes } = samples.at(-1) ?? { ms: 0, bytes: 0 };
      samples.push({
        ms: ms + SAMPLE_MS,
        bytes: bytes + (mbit * BYTES_PER_MBIT * SAMPLE_MS) / 1000,
      });
    }
  }
  return samples;
}

test('a rate is that of the span, also of one that begins and ends between two samples', (t) => {
  const samples = counted([1, 8], [1, 16]);
  t.is(mbitWithin(samples, { startMs: 0, endMs: 1000 }), 8);
  t.is(mbitWithin(samples, { startMs: 1000, endMs: 2000 }), 16);
  t.is(bytesWithin(samples, { startMs: 250, endMs: 270 }), 20_000);
  t.is(bytesWithin(samples, { startMs: 1900, endMs: 9000 }), 200_000, 'nothing is known after');
});

test('a background has given way when its smoothed rate is low, and not before', (t) => {
  const samples = counted([5, 50], [0.4, 50], [5, 1]);
  t.is(secondsUntil(isLow, samples, { startMs: 5000, endMs: 10_000 }), 0.7);
  const gap = counted([5, 50], [0.5, 0], [5, 50]);
  t.is(secondsUntil(isLow, gap, { startMs: 5000, endMs: 10_000 }), Infinity, 'a gap is none');
  const blocks = counted([5, 50], [0.4, 0], [0.1, 8], [0.4, 0], [0.1, 8], [4, 0]);
  t.is(secondsUntil(isLow, blocks, { startMs: 5000, endMs: 10_000 }), 0.3, 'a probe is little');
});

test('a background is back when its smoothed rate is high; who has not been is so never', (t) => {
  const samples = counted([5, 1], [2, 20], [5, 49]);
  t.is(secondsUntil(isBack, samples, { startMs: 5000, endMs: 12_000 }), 2.3);
  t.is(secondsUntil(isBack, samples, { startMs: 5000, endMs: 7000 }), Infinity);
});

test('quantiles are values that were measured', (t) => {
  const values = Array.from({ length: 20 }, (_, index) => 20 - index);
  t.is(quantile(values, 0.5), 10);
  t.is(quantile(values, 0.95), 19);
  t.is(quantile([3], 0.95), 3);
  t.is(quantile([], 0.5), Number.NaN);
});

test('runs make a median; what never happened in most runs never happened', (t) => {
  const runs = [{ alone: 0.9, givesWay: Infinity }, { alone: 1 }, { alone: 0.97, givesWay: 0.5 }];
  t.deepEqual(mediansOf(runs), { alone: 0.97, givesWay: Infinity });
});

test('an aim is met at its value, and missed by what is not a number', (t) => {
  t.false(misses(0.95, { least: 0.95 }));
  t.true(misses(0.94, { least: 0.95 }));
  t.false(misses(20, { most: 20 }));
  t.true(misses(Infinity, { most: 20 }));
  t.true(misses(Number.NaN, { most: 20 }) && misses(Number.NaN, { least: 0 }));
});

test('what lower jobs get while a higher one has work is a leak, after its end it is not', (t) => {
  const high = { sizeBytes: 2e6, samples: counted([2, 8], [4, 0]) };
  const normal = { sizeBytes: 2e6, samples: counted([2, 0], [2, 8], [2, 0]) };
  const low = { sizeBytes: 2e6, samples: counted([4, 0], [2, 8]) };
  t.is(leakOf([high, normal, low], 0), 0);
  const eager = { sizeBytes: 2e6, samples: counted([2, 0], [2, 2], [2, 6]) };
  t.is(leakOf([high, normal, eager], 0), 0.2);
  t.is(leakOf([high, eager, normal], 0), 0.5, 'the second level: 2 of 4 MB');
});

test('two jobs are as uneven as the lesser is less', (t) => {
  const jobs = [counted([10, 8]), counted([10, 6])].map((samples) => ({ sizeBytes: 1e9, samples }));
  t.is(unevennessOf(jobs, { startMs: 1000, endMs: 9000 }), 0.25);
});

test('the chosen cells have each value of each dimension twice', (t) => {
  t.is(CHOSEN_CELLS.length, 5);
  const dimensions = ['sender', 'mbit', 'bufferMs', 'rttMs'] as const satisfies (keyof Cell)[];
  for (const dimension of dimensions) {
    for (const value of new Set(ALL_CELLS.map((cell) => cell[dimension]))) {
      const count = CHOSEN_CELLS.filter((cell) => cell[dimension] === value).length;
      t.true(count >= 2, `${dimension} ${value}: ${count}`);
    }
  }
});
