import test from 'ava';
import * as fc from 'fast-check';
import { MOST_ROOT_BYTES } from '../src/content-codec.ts';
import {
  blockHashListBytes,
  blockHashListOffset,
  decodeRoot,
  encodeCbor,
  encodeRoot,
  hash,
  INLINE_BYTES,
  MIB,
  ROOT_HEADER_BYTES,
  rootBytes,
  segmentBytes,
  segmentCount,
} from '../src/index.ts';
import type { ContentInformation } from '../src/index.ts';
import { describe, patternBytes, seededBytes } from './helpers/content.ts';
import { holds } from './helpers/property.ts';
import { rootOf } from './helpers/root.ts';

const MALFORMED = { code: 'MALFORMED_CONTENT_INFORMATION' };

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const strongEtag = fc.stringMatching(/^"[!#-~\u0080-\u00ff]{0,40}"$/);
const common = {
  etag: strongEtag,
  serveForSeconds: fc.nat(400 * 24 * 60 * 60),
  isPublic: fc.boolean(),
};

const ofSmallContent: fc.Arbitrary<ContentInformation> = fc
  .record({ ...common, inline: fc.uint8Array({ maxLength: INLINE_BYTES }) })
  .map(({ inline, ...others }) => ({
    ...others,
    inline,
    segments: [],
    sizeBytes: inline.length,
    digest: Uint8Array.from(hash(inline)),
  }));

const ofLargeContent: fc.Arbitrary<ContentInformation> = fc
  .integer({ min: INLINE_BYTES + 1, max: 6 * 32 * MIB })
  .chain((sizeBytes) => {
    const count = { minLength: segmentCount(sizeBytes), maxLength: segmentCount(sizeBytes) };
    return fc.record({
      ...common,
      sizeBytes: fc.constant(sizeBytes),
      digest,
      segments: fc.array(fc.record({ segmentHash: digest, segmentSecret: digest }), count),
      inline: fc.constant(undefined),
    });
  });

test('content information is the same after a way through its bytes', (t) => {
  const property = fc.property(fc.oneof(ofSmallContent, ofLargeContent), (information) => {
    const bytes = encodeRoot(information);
    t.is(rootBytes(bytes.subarray(0, ROOT_HEADER_BYTES)), bytes.length);
    t.deepEqual(decodeRoot(bytes), information);
  });
  holds(t, property);
});

test('the same content information always gives the same bytes', (t) => {
  const property = fc.property(ofLargeContent, (information) => {
    const { segments, isPublic, serveForSeconds, etag, ...others } = information;
    const inAnotherOrder = { etag, serveForSeconds, ...others, isPublic, segments };
    t.deepEqual(encodeRoot(inAnotherOrder), encodeRoot(information));
  });
  holds(t, property, { numRuns: 20 });
});

test('a root may be followed by block hash lists, and lie anywhere in a buffer', (t) => {
  const { information } = describe(seededBytes(1, 70_000));
  const root = encodeRoot(information);
  const file = Buffer.concat([Buffer.alloc(13), root, Buffer.alloc(64, 9)]);
  t.deepEqual(decodeRoot(file.subarray(13)), decodeRoot(root));
});

test('a content costs 64 bytes of root for each segment, and not 300 bytes besides', (t) => {
  const { information } = describe(seededBytes(1, 2000));
  const [entry] = information.segments;
  const segments = Array.from({ length: 3200 }, () => entry ?? t.fail());
  const root = encodeRoot({ ...information, sizeBytes: 3200 * 32 * MIB, segments });
  t.true(root.length < 300 + 3200 * 64);
});

test('each block hash list begins where the one before it ends', (t) => {
  const sizeBytes = 3 * 32 * MIB + 100_000;
  let at = 777;
  for (let index = 0; index < segmentCount(sizeBytes); index++) {
    t.is(blockHashListOffset(777, index), at);
    at += blockHashListBytes(segmentBytes(sizeBytes, index));
  }
});

test('every beginning of a root but the whole is malformed', (t) => {
  const root = encodeRoot(describe(seededBytes(1, 2000)).information);
  for (let length = 0; length < root.length; length++) {
    t.throws(() => decodeRoot(root.subarray(0, length)), MALFORMED);
  }
});

test('a header that is none, or that names an absurd length, is malformed', (t) => {
  const root = Buffer.from(encodeRoot(describe(patternBytes(5)).information));
  const header = root.subarray(0, ROOT_HEADER_BYTES);
  t.throws(() => rootBytes(header.subarray(1)), MALFORMED);
  t.throws(() => rootBytes(Buffer.from('PCCJ0000')), MALFORMED);
  const absurd = Buffer.from(header);
  absurd.writeUInt32BE(MOST_ROOT_BYTES + 1, 4);
  t.throws(() => rootBytes(absurd), MALFORMED);
});

const isRefused = test.macro<[changes: Readonly<Record<string, unknown>>]>((t, changes) => {
  t.throws(() => decodeRoot(rootOf({ ...LARGE, ...changes })), MALFORMED);
});
const LARGE = {
  version: 1,
  size: 2000,
  digest: new Uint8Array(32),
  etag: '"1"',
  serveForSeconds: 60,
  public: false,
  segments: new Uint8Array(64),
  inline: new Uint8Array(),
};
const inline = patternBytes(3);
const SMALL = { ...LARGE, size: 3, digest: hash(inline), segments: new Uint8Array(), inline };

test('the roots that the next tests spoil are sound', (t) => {
  t.is(decodeRoot(rootOf(LARGE)).sizeBytes, 2000);
  t.deepEqual(decodeRoot(rootOf(SMALL)).inline, inline);
});

test('another version is malformed', isRefused, { version: 2 });
test('a version in words is malformed', isRefused, { version: '1' });
test('a negative size is malformed', isRefused, { size: -1 });
test('a size that is no whole number is malformed', isRefused, { size: 2000.5 });
test('a size beyond exact numbers is malformed', isRefused, { size: 2n ** 60n });
test('a size of more segments than there are is malformed', isRefused, { size: 33 * MIB });
test('a size of fewer segments than there are is malformed', isRefused, { size: 1024 });
test('a digest of 31 bytes is malformed', isRefused, { digest: new Uint8Array(31) });
test('a digest in words is malformed', isRefused, { digest: '0'.repeat(32) });
test('a weak entity tag is malformed', isRefused, { etag: 'W/"1"' });
test('an entity tag without quotes is malformed', isRefused, { etag: '1' });
test('an entity tag with a line break is malformed', isRefused, { etag: '"1\r\n"' });
test('an entity tag beyond all measure is malformed', isRefused, { etag: `"${'1'.repeat(1024)}"` });
test('a promise of years is malformed', isRefused, { serveForSeconds: 2e9 });
test('a negative promise is malformed', isRefused, { serveForSeconds: -60 });
test('a "public" that is neither true nor false is malformed', isRefused, { public: 1 });
test('segments that are cut off are malformed', isRefused, { segments: new Uint8Array(63) });
test('segments as a list are malformed', isRefused, { segments: [new Uint8Array(64)] });
test('inline bytes of a large content are malformed', isRefused, { inline: new Uint8Array(1) });
test('a field more is malformed', isRefused, { more: 1 });
test('a prototype is malformed', isRefused, JSON.parse('{ "__proto__": { "version": 1 } }'));
test('inline bytes with another digest are malformed', isRefused, {
  ...SMALL,
  inline: patternBytes(4).subarray(1),
});
test('inline bytes of another length are malformed', isRefused, { ...SMALL, size: 4 });

test('a missing field is malformed', (t) => {
  for (const name of Object.keys(LARGE)) {
    const without = Object.entries(LARGE).filter(([other]) => other !== name);
    t.throws(() => decodeRoot(rootOf(Object.fromEntries(without))), MALFORMED);
  }
});

test('a root that is no map is malformed', (t) => {
  for (const value of [[], [LARGE], null, 1, 'text', new Uint8Array(9), true]) {
    t.throws(() => decodeRoot(rootOf(value)), MALFORMED);
  }
  t.notDeepEqual(encodeCbor(LARGE), encodeCbor([LARGE]));
});
