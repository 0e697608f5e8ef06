import test from 'ava';
import * as fc from 'fast-check';
import {
  deriveKey,
  keyedHash,
  publicServerSecret,
  segmentHashOf,
  segmentKeysOf,
  segmentSecretOf,
  serverSecretFrom,
} from '../src/index.ts';
import { flipped, patternBytes } from './helpers/content.ts';
import { holds } from './helpers/property.ts';

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('keys are what the key schedule of docs/protocol.md says', (t) => {
  const property = fc.property(digest, digest, (segmentHash, segmentSecret) => {
    const pair = Buffer.concat([segmentSecret, segmentHash]);
    const segmentRoot = deriveKey('peer-cache v1 segment root', pair);
    t.deepEqual(segmentKeysOf({ segmentHash, segmentSecret }), {
      segmentId: deriveKey('peer-cache v1 segment ID', segmentRoot).subarray(0, 16),
      sealingKey: deriveKey('peer-cache v1 sealing key', segmentRoot),
      proofKey: deriveKey('peer-cache v1 proof key', segmentRoot),
    });
  });
  holds(t, property);
});

test('a segment hash is of the length as 64 bits, lowest byte first, and the list', (t) => {
  const list = patternBytes(64);
  const input = Buffer.concat([Buffer.from('0500000001000000', 'hex'), list]);
  t.deepEqual(segmentHashOf(2 ** 32 + 5, list), deriveKey('peer-cache v1 segment hash', input));
});

test('a segment secret is the segment hash keyed by the server secret', (t) => {
  const [secret, segmentHash] = [patternBytes(32), patternBytes(32).toReversed()];
  t.deepEqual(segmentSecretOf(secret, segmentHash), keyedHash(secret, segmentHash));
});

test('everything about a segment differs when a bit of its bytes or its origin differs', (t) => {
  const property = fc.property(
    digest,
    digest,
    fc.nat(255),
    fc.boolean(),
    (hash, secret, bit, ofHash) => {
      const keys = Object.values(segmentKeysOf({ segmentHash: hash, segmentSecret: secret }));
      const others = Object.values(
        segmentKeysOf({
          segmentHash: ofHash ? flipped(hash, bit) : hash,
          segmentSecret: ofHash ? secret : flipped(secret, bit),
        }),
      );
      const beginnings = [...keys, ...others].map((key) => key.subarray(0, 16).join());
      return new Set(beginnings).size === 6;
    },
  );
  holds(t, property);
});

test('a shorter segment with the same block hashes has another segment hash', (t) => {
  t.notDeepEqual(segmentHashOf(65_536, patternBytes(32)), segmentHashOf(65_535, patternBytes(32)));
});

test('a server secret needs 32 bytes', (t) => {
  t.throws(() => serverSecretFrom(patternBytes(31)), { instanceOf: RangeError });
  t.is(serverSecretFrom(patternBytes(32)).length, 32);
  t.is(serverSecretFrom(patternBytes(100)).length, 32);
});

test('the public server secret is made from 32 zero bytes', (t) => {
  t.deepEqual(publicServerSecret(), serverSecretFrom(new Uint8Array(32)));
});
