import { KIB, MIB } from '@peer-cache/core';
import test from 'ava';
import { parseRate, shownRate } from '../src/rate.ts';

const reads = test.macro<[string, number | undefined]>({
  exec: (t, text, expected) => t.is(parseRate(text), expected),
  title: (_, text, expected) => `"${text}" is ${expected ?? 'no rate'}`,
});

test(reads, '2 MiB/s', 2 * MIB);
test(reads, '1.5KiB/s', 1.5 * KIB);
test(reads, '500 kB/s', 500_000);
test(reads, '500 KB/s', 500_000);
test(reads, '20 Mbit/s', 2_500_000);
test(reads, '1 Gbit/s', 125_000_000);
test(reads, '8000 bit/s', 1000);
test(reads, '1 kB/s', 1000);
test(reads, '0', 0);
test(reads, '0 B/s', 0);
test(reads, '999 B/s', undefined);
test(reads, '2 MiB', undefined);
test(reads, '2', undefined);
test(reads, '20 Mb/s', undefined);
test(reads, '20 Mibit/s', undefined);
test(reads, '-1 MiB/s', undefined);
test(reads, '50%', undefined);

const shows = test.macro<[number, string]>({
  exec: (t, rate, expected) => t.is(shownRate(rate), expected),
  title: (_, rate, expected) => `${rate} bytes in a second are shown as ${expected}`,
});

test(shows, MIB, '1 MiB/s');
test(shows, 500_000, '488.3 KiB/s');
test(shows, 2.5 * 1024 * MIB, '2.5 GiB/s');
test(shows, 1000, '1000 B/s');
