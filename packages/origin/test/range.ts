import test from 'ava';
import { readRange } from '../src/range.ts';

const reads = test.macro<[string | undefined, ReturnType<typeof readRange>]>({
  exec(t, header, expected) {
    t.deepEqual(readRange(header, 100), expected);
  },
  title: (_, header) => `Range: ${header} of 100 bytes is understood`,
});

test(reads, undefined, 'whole');
test(reads, 'bytes=0-65535', { startByte: 0, endByte: 100 });
test(reads, 'bytes=0-0', { startByte: 0, endByte: 1 });
test(reads, 'Bytes= 10-19 ', { startByte: 10, endByte: 20 });
test(reads, 'bytes=99-', { startByte: 99, endByte: 100 });
test(reads, 'bytes=-1', { startByte: 99, endByte: 100 });
test(reads, 'bytes=-1000', { startByte: 0, endByte: 100 });
test(reads, 'bytes=100-', 'unsatisfiable');
test(reads, 'bytes=-0', 'unsatisfiable');
test(reads, `bytes=${'9'.repeat(400)}-`, 'unsatisfiable');
test(reads, `bytes=${'0'.repeat(400)}1-${'9'.repeat(400)}`, { startByte: 1, endByte: 100 });
test(reads, 'bytes=5-4', 'whole');
test(reads, 'bytes=-', 'whole');
test(reads, 'bytes=0-1,5-6', 'whole');
test(reads, 'bytes=1.5-', 'whole');
test(reads, 'blocks=0-1', 'whole');
test(reads, 'bytes=-1-2', 'whole');

test('an empty representation is whole whatever range is asked for', (t) => {
  t.is(readRange('bytes=0-65535', 0), 'whole');
  t.is(readRange('bytes=-5', 0), 'whole');
});
