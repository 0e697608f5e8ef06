import { encodeCbor, SECOND_MS } from '@peer-cache/core';
import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import {
  decodeBlocksRequest,
  decodeFindRequest,
  decodeFoundPeers,
  decodeFrameHeader,
  decodeHelloRequest,
  decodeHelloResponse,
  decodeKeepAnswer,
  decodeKeepRequest,
  decodeStateRequest,
  decodeStateResponse,
  decodeWanNotice,
  encodeBlocksRequest,
  encodeHelloRequest,
  encodeHelloResponse,
  encodeStateRequest,
  encodeStateResponse,
  MalformedMessageError,
  MOST_REQUEST_BYTES,
} from '../src/index.ts';
import {
  blocksRequests,
  helloRequests,
  helloResponses,
  stateRequests,
  stateResponses,
} from './helpers/messages.ts';

const DECODERS: readonly ((bytes: Uint8Array) => unknown)[] = [
  decodeHelloRequest,
  decodeHelloResponse,
  decodeStateRequest,
  decodeStateResponse,
  decodeBlocksRequest,
  decodeFrameHeader,
  decodeFindRequest,
  decodeFoundPeers,
  decodeKeepRequest,
  decodeKeepAnswer,
  decodeWanNotice,
];

test('any bytes are a message or malformed', (t) => {
  holds(t, fc.property(fc.uint8Array({ maxLength: 200 }), isValueOrMalformed), { numRuns: 2000 });
});

test('any CBOR is a message or malformed', (t) => {
  const values = fc.anything({ withBigInt: true, withTypedArray: true, maxDepth: 4 });
  const property = fc.property(values, (value) => isValueOrMalformed(tryEncode(value)));
  holds(t, property, { numRuns: 1000 });
});

test('sound messages with bytes changed, lost or added are messages or malformed', (t) => {
  const messages = fc.oneof(
    helloRequests.map(encodeHelloRequest),
    helloResponses.map(encodeHelloResponse),
    stateRequests.map(encodeStateRequest),
    stateResponses.map(encodeStateResponse),
    blocksRequests.map(encodeBlocksRequest),
  );
  const change = fc.record({
    at: fc.nat(300),
    lost: fc.nat(3),
    added: fc.uint8Array({ maxLength: 3 }),
  });
  const changes = fc.array(change, { minLength: 1, maxLength: 4 });
  const property = fc.property(messages, changes, (message, spoiled) => {
    let bytes: Uint8Array = message;
    for (const { at, lost, added } of spoiled) {
      bytes = Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + lost)]);
    }
    return isValueOrMalformed(bytes);
  });
  holds(t, property, { numRuns: 300 });
});

const isCheap = test.macro<[bytes: Uint8Array]>((t, bytes) => {
  for (const decode of DECODERS.slice(0, 5)) {
    const startMs = performance.now();
    t.throws(() => decode(bytes), { code: 'MALFORMED_MESSAGE' });
    t.true(performance.now() - startMs < SECOND_MS);
  }
});
const full = (byte: number): Uint8Array => Buffer.alloc(MOST_REQUEST_BYTES, byte);
/** A head that claims 2^53 - 1 of something, and nothing behind it. */
const huge = (major: number): Uint8Array =>
  Buffer.from([(major << 5) | 27, 0, 31, 255, 255, 255, 255, 255, 255]);

test('lists in lists are refused at little cost', isCheap, full(0x81));
test('maps in maps are refused at little cost', isCheap, full(0xa1));
test('tags on tags are refused at little cost', isCheap, full(0xc1));
test('lists without end are refused at little cost', isCheap, full(0x9f));
test('bytes that claim petabytes are refused at little cost', isCheap, huge(2));
test('a list that claims petabytes is refused at little cost', isCheap, huge(4));
test('a map that claims petabytes is refused at little cost', isCheap, huge(5));

test('a map with a prototype of its own gives no fields by it', (t) => {
  const hello = { versions: [1], clientNonce: new Uint8Array(16), port: 0 };
  const inherited = Buffer.concat([
    Buffer.from([0xa1, 0x69]),
    Buffer.from('__proto__'),
    encodeHelloRequest(hello),
  ]);
  t.true(isValueOrMalformed(inherited));
  t.false('port' in {});
});

function isValueOrMalformed(bytes: Uint8Array): boolean {
  return DECODERS.every((decode) => {
    try {
      decode(bytes);
      return true;
    } catch (error) {
      return error instanceof MalformedMessageError;
    }
  });
}

function tryEncode(value: unknown): Uint8Array {
  try {
    return encodeCbor(value);
  } catch {
    // Functions, symbols and the like have no CBOR.
    return new Uint8Array();
  }
}
