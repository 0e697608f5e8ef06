import test from 'ava';
import {
  alignColumns,
  formatBytes,
  formatClock,
  formatDuration,
  formatShare,
  printable,
} from '../src/format.ts';

const MIB = 2 ** 20;

const bytes = test.macro<[number, string]>({
  exec: (t, count, text) => t.is(formatBytes(count), text),
  title: (_, count, text) => `${count} bytes are shown as ${text}`,
});

test(bytes, 0, '0 B');
test(bytes, 1023, '1023 B');
test(bytes, 1024, '1.0 KiB');
test(bytes, 99.94 * MIB, '99.9 MiB');
test(bytes, 99.96 * MIB, '100 MiB');
test(bytes, 1023.4 * MIB, '1023 MiB');
test(bytes, 1023.6 * MIB, '1.0 GiB');
test(bytes, 5000 * 1024 ** 5, '5000 PiB');

const duration = test.macro<[number, string]>({
  exec: (t, seconds, text) => t.is(formatDuration(seconds * 1000), text),
  title: (_, seconds, text) => `${seconds} seconds are shown as ${text}`,
});

test(duration, 0, '0.0 s');
test(duration, 2.14, '2.1 s');
test(duration, 59.9, '59 s');
test(duration, 185, '3 min 5 s');
test(duration, 7620, '2 h 7 min');
test(duration, 28 * 86_400, '28 d');

test('a share is rounded down, so that only all is 100 %', (t) => {
  t.deepEqual([0, 0.005, 0.9999, 1].map(formatShare), ['0 %', '0 %', '99 %', '100 %']);
});

test('nothing that a terminal would obey is printed', (t) => {
  t.is(printable('a\u001B[2Jb\u202Ec\u0007\nd'), 'a\\u{1b}[2Jb\\u{202e}c\\u{7}\nd');
  t.is(printable('größe 日本'), 'größe 日本');
});

test('columns are aligned, without blanks at the end', (t) => {
  t.deepEqual(
    alignColumns([
      ['a', 'bb', ''],
      ['ccc', 'd', 'e'],
    ]),
    ['a    bb', 'ccc  d   e'],
  );
});

test('a clock shows hours only where there are some', (t) => {
  t.deepEqual([0, 6, 754, 3723].map(formatClock), ['0:00', '0:06', '12:34', '1:02:03']);
});
