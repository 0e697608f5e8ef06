import test from 'ava';
import * as fc from 'fast-check';
import { decodeCbor, encodeCbor } from '../src/index.ts';
import { holds } from './helpers/property.ts';

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.string(),
    fc.uint8Array(),
    fc.array(tie('any')),
    fc.dictionary(fc.string(), tie('any'), { noNullPrototype: true }),
  ),
})).any;

test('a value is the same after a way through its bytes, which are always the same', (t) => {
  const property = fc.property(value, (any) => {
    const bytes = encodeCbor(any);
    t.deepEqual(decodeCbor(bytes), any);
    t.deepEqual(encodeCbor(decodeCbor(bytes)), bytes);
  });
  holds(t, property);
});

test('the keys of a map are sorted by their bytes (RFC 8949 §4.2.1)', (t) => {
  t.deepEqual(encodeCbor({ b: 1, aa: 2, a: 3 }), encodeCbor({ a: 3, b: 1, aa: 2 }));
  t.is(Buffer.from(encodeCbor({ aa: 2, b: 1, a: 3 })).toString('hex'), 'a361610361620162616102');
});

const isRefused = test.macro<[hex: string]>((t, hex) => {
  t.throws(() => decodeCbor(Buffer.from(hex, 'hex')));
});
test('nothing at all is refused', isRefused, '');
test('a second item is refused', isRefused, '0000');
test('an item that is cut off is refused', isRefused, '420a');
test('a number written longer than it need be is refused', isRefused, '1801');
test('a length written longer than it need be is refused', isRefused, '58010a');
test('a key that comes twice is refused', isRefused, 'a2616101616102');
test('a key that is no text is refused', isRefused, 'a10101');
test('a list of indefinite length is refused', isRefused, '9f01ff');
test('bytes of indefinite length are refused', isRefused, '5f410aff');
test('a tag is refused', isRefused, 'c11a514b67b0');
test('undefined is refused', isRefused, 'f7');
test('a number that is none is refused', isRefused, 'f97e00');
test('infinity is refused', isRefused, 'f97c00');
test('a break without a beginning is refused', isRefused, 'ff');

test('byte strings do not keep the message alive that they came in', (t) => {
  const message = Buffer.alloc(100_000);
  message.set([0x43, 1, 2, 3]);
  const bytes = decodeCbor(message.subarray(0, 4));
  t.deepEqual(bytes, Uint8Array.of(1, 2, 3));
  t.true(bytes instanceof Uint8Array && bytes.buffer.byteLength < 100);
});
