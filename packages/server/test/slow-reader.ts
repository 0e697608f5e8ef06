import test from 'ava';
import { resolveLimits } from '../src/limits.ts';
import { movedBytes, ReaderWatch } from '../src/slow-reader.ts';
import type { SendProgress } from '../src/slow-reader.ts';

const KIB = 1024;
const limits = resolveLimits({ slowReaderMs: 5000, slowReaderBytes: 64 * KIB });

function progress(doneBytes: number, queuedBytes: number | undefined): SendProgress {
  return { doneBytes, pendingBytes: 1000 * KIB, queuedBytes };
}

test('what moved is seen within one large write, and over the end of one', (t) => {
  t.is(movedBytes(progress(0, 900), progress(0, 300)), 600);
  t.is(movedBytes(progress(0, 900), progress(1000, 5000)), 1000);
  t.is(movedBytes(progress(0, 900), progress(0, 900)), 0);
  t.is(movedBytes(progress(0, undefined), progress(700, undefined)), 700);
});

test('a reader is too slow when it took less than 64 KiB in 5 s', (t) => {
  const watch = new ReaderWatch(limits);
  t.false(watch.isTooSlow(progress(0, 900 * KIB), 0));
  t.false(watch.isTooSlow(progress(0, 900 * KIB), 4999));
  t.false(watch.isTooSlow(progress(0, 836 * KIB), 5000));
  t.false(watch.isTooSlow(progress(0, 773 * KIB), 9999));
  t.true(watch.isTooSlow(progress(0, 773 * KIB), 10_000));
});

test('a reader that has taken all starts anew with the next answer', (t) => {
  const watch = new ReaderWatch(limits);
  const idle = { doneBytes: 10, pendingBytes: 0, queuedBytes: 0 };
  t.false(watch.isTooSlow(progress(0, 900), 0));
  t.false(watch.isTooSlow(idle, 4000));
  t.false(watch.isTooSlow(progress(10, 900), 6000));
  t.false(watch.isTooSlow(progress(10, 900), 10_999));
  t.true(watch.isTooSlow(progress(10, 900), 11_000));
});
