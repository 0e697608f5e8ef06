import { encodeCbor } from '@peer-cache/core';
import test from 'ava';
import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import {
  decodeWanNotice,
  encodeWanNotice,
  MalformedMessageError,
  MOST_NOTICE_BYTES,
} from '../src/index.ts';
import type { WanNotice, WanUse } from '../src/index.ts';
import { bytesOf } from './helpers/messages.ts';

const MOST_TURNS = 2 ** 32;
const MOST_BYTES_PER_SECOND = 125e9;

const notices: Arbitrary<WanNotice> = fc.record({
  peerId: bytesOf(16).map(hex),
  use: fc.constantFrom('foreground', 'fetching', 'waiting'),
  turns: fc.oneof(fc.nat(1000), fc.constant(MOST_TURNS)),
  isFilling: fc.boolean(),
  bytesPerSecond: fc.oneof(fc.nat(2 ** 31 - 1), fc.constant(MOST_BYTES_PER_SECOND)),
});
const FIELDS = {
  peerId: Buffer.alloc(16, 0x11),
  use: 1,
  turns: 7,
  isFilling: true,
  bytesPerSecond: 12_500_000,
};

test('notices come back as they were, and are short enough to be read', (t) => {
  const property = fc.property(notices, (notice) => {
    const bytes = encodeWanNotice(notice);
    t.true(bytes.length <= MOST_NOTICE_BYTES);
    t.deepEqual(decodeWanNotice(bytes), notice);
  });
  holds(t, property);
});

test('a notice has the bytes that the protocol says', (t) => {
  const peerId = '1'.repeat(32);
  t.is(
    hex(encodeWanNotice({ ...FIELDS, peerId, use: 'fetching' })),
    'a56375736501657475726e730766706565724964501111111111111111111111111111111169697346696c6c696e67' +
      'f56e62797465735065725365636f6e641a00bebc20',
  );
  t.deepEqual(decodeWanNotice(encodeCbor(FIELDS)), { ...FIELDS, peerId, use: 'fetching' });
});

const uses = test.macro<[number: number, use: WanUse]>((t, number, use) => {
  t.is(decodeWanNotice(encodeCbor({ ...FIELDS, use: number })).use, use);
});

test('use 0 is the foreground', uses, 0, 'foreground');
test('use 1 is fetching', uses, 1, 'fetching');
test('use 2 is waiting', uses, 2, 'waiting');

const isMalformed = test.macro<[fields: object]>((t, fields) => {
  t.throws(() => decodeWanNotice(encodeCbor({ ...FIELDS, ...fields })), {
    instanceOf: MalformedMessageError,
    code: 'MALFORMED_MESSAGE',
  });
});

test('a peer ID that is too short is malformed', isMalformed, { peerId: Buffer.alloc(15) });
test('a peer ID that is too long is malformed', isMalformed, { peerId: Buffer.alloc(17) });
test('a peer ID that is a text is malformed', isMalformed, { peerId: '1'.repeat(16) });
test('a use that there is not is malformed', isMalformed, { use: 3 });
test('a use below 0 is malformed', isMalformed, { use: -1 });
test('a use that is a text is malformed', isMalformed, { use: 'fetching' });
test('fewer turns than none are malformed', isMalformed, { turns: -1 });
test('half a turn is malformed', isMalformed, { turns: 0.5 });
test('more turns than a life has are malformed', isMalformed, { turns: MOST_TURNS + 1 });
test('turns without end are malformed', isMalformed, { turns: Infinity });
test('turns past all numbers are malformed', isMalformed, { turns: 2n ** 64n - 1n });
test('turns that are a text are malformed', isMalformed, { turns: '7' });
test('a filling that is a number is malformed', isMalformed, { isFilling: 1 });
test('a filling that is nothing is malformed', isMalformed, { isFilling: null });
test('a rate below 0 is malformed', isMalformed, { bytesPerSecond: -1 });
test('a rate of no whole number is malformed', isMalformed, { bytesPerSecond: 0.5 });
test('a rate that no link has is malformed', isMalformed, {
  bytesPerSecond: MOST_BYTES_PER_SECOND + 1,
});
test('a rate that is a list is malformed', isMalformed, { bytesPerSecond: [1] });

test('a notice that lacks a field is malformed, whichever it is', (t) => {
  for (const name of Object.keys(FIELDS)) {
    const others = Object.entries(FIELDS).filter(([each]) => each !== name);
    const bytes = encodeCbor(Object.fromEntries(others));
    t.throws(() => decodeWanNotice(bytes), { code: 'MALFORMED_MESSAGE' }, name);
  }
});

test('a notice that was cut anywhere, or goes on, is malformed', (t) => {
  const bytes = encodeCbor(FIELDS);
  for (let length = 0; length < bytes.length; length++) {
    t.throws(() => decodeWanNotice(bytes.subarray(0, length)), { code: 'MALFORMED_MESSAGE' });
  }
  t.throws(() => decodeWanNotice(Buffer.concat([bytes, Buffer.alloc(1)])), {
    code: 'MALFORMED_MESSAGE',
  });
});

test('any bytes, and sound notices with some of them changed, are notices or malformed', (t) => {
  const spoiled = fc
    .tuple(notices.map(encodeWanNotice), fc.array(fc.tuple(fc.nat(100), fc.nat(255))))
    .map(([bytes, changes]) => {
      const changed = Buffer.from(bytes);
      for (const [at, byte] of changes) changed[at % changed.length] = byte;
      return changed;
    });
  const any = fc.uint8Array({ maxLength: MOST_NOTICE_BYTES });
  holds(t, fc.property(fc.oneof(any, spoiled), isNoticeOrMalformed), { numRuns: 2000 });
});

function isNoticeOrMalformed(bytes: Uint8Array): boolean {
  try {
    return decodeWanNotice(bytes).peerId.length === 32;
  } catch (error) {
    return error instanceof MalformedMessageError;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
