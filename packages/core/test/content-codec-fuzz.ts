import test from 'ava';
import type { ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import {
  decodeCbor,
  decodeRoot,
  encodeRoot,
  MalformedContentInformationError,
  MIB,
  SECOND_MS,
} from '../src/index.ts';
import { describe, seededBytes } from './helpers/content.ts';
import { holds } from './helpers/property.ts';
import { rootOf, withHeader } from './helpers/root.ts';

const ROOTS = [0, 3, 2000, 33 * MIB].map((sizeBytes) =>
  encodeRoot(describe(seededBytes(7, sizeBytes)).information),
);

test('any bytes give content information or are malformed', (t) => {
  holds(t, fc.property(fc.uint8Array({ maxLength: 200 }), isValueOrMalformed), { numRuns: 2000 });
});

test('any bytes behind a sound header give content information or are malformed', (t) => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map(withHeader);
  holds(t, fc.property(bytes, isValueOrMalformed), { numRuns: 2000 });
});

test('any CBOR behind a sound header gives content information or is malformed', (t) => {
  const value = fc.anything({ withBigInt: true, withTypedArray: true, maxDepth: 4 });
  const property = fc.property(value, (any) => {
    const bytes = tryRootOf(any);
    return bytes === undefined || isValueOrMalformed(bytes);
  });
  holds(t, property, { numRuns: 1000 });
});

test('a sound root with bytes changed, lost or added gives a value or is malformed', (t) => {
  const change = fc.record({
    at: fc.nat(400),
    lost: fc.nat(3),
    added: fc.uint8Array({ maxLength: 3 }),
  });
  const changes = fc.array(change, { minLength: 1, maxLength: 4 });
  const property = fc.property(fc.constantFrom(...ROOTS), changes, (root, spoiled) => {
    let bytes: Uint8Array = root;
    for (const { at, lost, added } of spoiled) {
      bytes = Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + lost)]);
    }
    // With the length in the header as it was, and set right.
    return isValueOrMalformed(bytes) && isValueOrMalformed(withHeader(bytes.subarray(8)));
  });
  holds(t, property, { numRuns: 2000 });
});

const isCheap = test.macro<[cbor: Uint8Array]>((t, cbor) => {
  const bytes = withHeader(cbor);
  t.true(malformedWithin(t, bytes));
});
const megabytes = (byte: number): Uint8Array => Buffer.alloc(8 * MIB, byte);
/** A head that claims 2^53 - 1 of something, and nothing behind it. */
const huge = (major: number): Uint8Array =>
  Buffer.from([(major << 5) | 27, 0, 31, 255, 255, 255, 255, 255, 255]);

test('lists in lists in lists are refused at little cost', isCheap, megabytes(0x81));
test('maps in maps in maps are refused at little cost', isCheap, megabytes(0xa1));
test('tags on tags on tags are refused at little cost', isCheap, megabytes(0xc1));
test('a long list of empty lists is refused at little cost', isCheap, listOf(0x80));
test('a long list of empty maps is refused at little cost', isCheap, listOf(0xa0));
test('a list of endless length is refused at little cost', isCheap, megabytes(0x9f));
test('bytes of endless length are refused at little cost', isCheap, megabytes(0x5f));
test('a byte string that claims petabytes is refused at little cost', isCheap, huge(2));
test('a text that claims petabytes is refused at little cost', isCheap, huge(3));
test('a list that claims petabytes is refused at little cost', isCheap, huge(4));
test('a map that claims petabytes is refused at little cost', isCheap, huge(5));

test('a size of petabytes is refused before segments are made for it', (t) => {
  const size = Number.MAX_SAFE_INTEGER;
  const segments = new Uint8Array(64);
  t.true(malformedWithin(t, rootOf({ ...decodedRoot(), size, segments })));
});

test('CBOR with more items than allowed is refused', (t) => {
  const list = Uint8Array.of(0x83, 1, 2, 3);
  t.deepEqual(decodeCbor(list, { mostItems: 4 }), [1, 2, 3]);
  t.throws(() => decodeCbor(list, { mostItems: 3 }), { instanceOf: RangeError });
});

function isValueOrMalformed(bytes: Uint8Array): boolean {
  try {
    return decodeRoot(bytes).sizeBytes >= 0;
  } catch (error) {
    return error instanceof MalformedContentInformationError;
  }
}

/** Refused within a second, and with no more than a few times its own size allocated. */
function malformedWithin(t: ExecutionContext, bytes: Uint8Array): boolean {
  const heapBefore = process.memoryUsage();
  const startedMs = performance.now();
  t.throws(() => decodeRoot(bytes), { code: 'MALFORMED_CONTENT_INFORMATION' });
  const tookMs = performance.now() - startedMs;
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const grownBytes = heapUsed + arrayBuffers - heapBefore.heapUsed - heapBefore.arrayBuffers;
  t.log(`${Math.round(tookMs)} ms, ${Math.round(grownBytes / 1024)} KiB`);
  return tookMs < SECOND_MS && grownBytes < 4 * 8 * MIB;
}

function listOf(item: number): Uint8Array {
  const items = megabytes(item);
  const head = Buffer.from([0x9a, 0, 0, 0, 0]);
  head.writeUInt32BE(items.length, 1);
  return Buffer.concat([head, items]);
}

function tryRootOf(value: unknown): Uint8Array | undefined {
  try {
    return rootOf(value);
  } catch {
    // Functions, symbols and the like have no CBOR.
    return undefined;
  }
}

function decodedRoot(): object {
  const value = decodeCbor(ROOTS[2]?.subarray(8) ?? new Uint8Array());
  return typeof value === 'object' && value !== null ? value : {};
}
