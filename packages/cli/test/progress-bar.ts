import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import pc from 'picocolors';
import { renderBar } from '../src/progress-bar.ts';
import type { BarState } from '../src/progress-bar.ts';

const MIB = 2 ** 20;
const PLAIN = pc.createColors(false);
const COLUMNS = 79;

const HALF: BarState = {
  sizeBytes: 1024 * MIB,
  doneBytes: 512 * MIB,
  bytes: { store: 0, peers: 384 * MIB, origin: 128 * MIB },
  bytesPerSecond: 98.1 * MIB,
};

test('peers and origin have a part of the bar each, in proportion', (t) => {
  t.is(
    renderBar(HALF, COLUMNS, PLAIN),
    ' 50% ██████████▒▒▒·············· 98.1 MiB/s 0:06 █peers 384 MiB ▒origin 128 MiB',
  );
});

test('three sources fit into 80 columns', (t) => {
  const bytes = { store: 99.9 * MIB, peers: 384.5 * MIB, origin: 27.6 * MIB };
  const line = renderBar({ ...HALF, bytes }, COLUMNS, PLAIN);
  t.is(line, ' 50% ▓████····· 98.1 MiB/s 0:06 ▓store 99.9 MiB █peers 385 MiB ▒origin 27.6 MiB');
  t.true(line.length <= COLUMNS);
});

test('a narrow terminal gets numbers without a bar, never a second line', (t) => {
  t.is(renderBar(HALF, 52, PLAIN), ' 50% 98.1 MiB/s 0:06 █peers 384 MiB ▒origin 128 MiB');
  t.is(renderBar(HALF, 30, PLAIN), ' 50% 98.1 MiB/s 0:06');
});

test('a wide terminal does not stretch the bar without end', (t) => {
  const line = renderBar(HALF, 300, PLAIN);
  t.is(line.match(/[▓█▒·]{2,}/u)?.[0].length, 40);
});

test('without a known size there is neither bar nor percentage', (t) => {
  const line = renderBar({ ...HALF, sizeBytes: undefined }, COLUMNS, PLAIN);
  t.is(line, '98.1 MiB/s █peers 384 MiB ▒origin 128 MiB');
});

test('a bar is full only when all is there, even if bytes came twice', (t) => {
  const bytes = { store: 0, peers: 2000 * MIB, origin: 0 };
  const almost = renderBar({ ...HALF, doneBytes: 1024 * MIB - 1, bytes }, COLUMNS, PLAIN);
  t.regex(almost, /^ 99% █+· /);
  const all = renderBar({ ...HALF, doneBytes: 1024 * MIB, bytes }, COLUMNS, PLAIN);
  t.regex(all, /^100% █+ /);
});

test('what stands still has no time left', (t) => {
  t.is(
    renderBar({ ...HALF, bytesPerSecond: 0 }, COLUMNS, PLAIN),
    ' 50% ██████████████▒▒▒▒··················· 0 B/s █peers 384 MiB ▒origin 128 MiB',
  );
});

test('an empty content is done at once', (t) => {
  const bytes = { store: 0, peers: 0, origin: 0 };
  const line = renderBar({ sizeBytes: 0, doneBytes: 0, bytes, bytesPerSecond: 0 }, COLUMNS, PLAIN);
  t.is(line, `100% ${'·'.repeat(40)} 0 B/s`);
});

test('colours take no room', (t) => {
  const coloured = renderBar(HALF, COLUMNS, pc.createColors(true));
  t.not(coloured, stripVTControlCharacters(coloured));
  t.is(stripVTControlCharacters(coloured), renderBar(HALF, COLUMNS, PLAIN));
});
