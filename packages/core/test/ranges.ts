import test from 'ava';
import * as fc from 'fast-check';
import { clipRange } from '../src/index.ts';
import { holds } from './helpers/property.ts';

const range = fc
  .tuple(fc.nat(40), fc.nat(40))
  .map(([startByte, bytes]) => ({ startByte, endByte: startByte + bytes }));

test('a clipped range holds exactly the bytes that both ranges hold', (t) => {
  const property = fc.property(range, range, (some, bounds) => {
    const clipped = clipRange(some, bounds) ?? { startByte: 0, endByte: 0 };
    return Array.from({ length: 81 }, (_, byte) => byte).every(
      (byte) => holdsByte(clipped, byte) === (holdsByte(some, byte) && holdsByte(bounds, byte)),
    );
  });
  holds(t, property);
});

test('ranges that only touch do not meet', (t) => {
  t.is(clipRange({ startByte: 0, endByte: 5 }, { startByte: 5, endByte: 9 }), undefined);
  t.is(clipRange({ startByte: 3, endByte: 3 }, { startByte: 0, endByte: 9 }), undefined);
});

function holdsByte({ startByte, endByte }: { startByte: number; endByte: number }, byte: number) {
  return startByte <= byte && byte < endByte;
}
