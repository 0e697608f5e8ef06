import {
  BLOCK_BYTES,
  blockBytes,
  blockCount,
  blockHashListBytes,
  decodeCbor,
  encodeCbor,
  SEGMENT_BYTES,
} from '@peer-cache/core';
import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import {
  decodeFindRequest,
  decodeFoundPeers,
  decodeKeepAnswer,
  decodeKeepRequest,
  encodeFindRequest,
  encodeFoundPeer,
  encodeKeepAnswer,
  encodeKeepRequest,
  MOST_KEEP_BYTES,
} from '../src/index.ts';
import type { KeepRequest } from '../src/index.ts';

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const lookup = fc.record({ segmentId: bytesOf(16), proofKey: bytesOf(32) });
const lanPeer = fc.record({
  host: fc.constantFrom('10.0.0.1', 'fd00::5', 'fe80::1%eth0'),
  port: fc.integer({ min: 1024, max: 65_535 }),
  holds: fc.option(fc.array(fc.nat(255), { maxLength: 60 }), { nil: undefined }),
});

/** Of a segment of three blocks, the last of them short. */
function keepRequest(changes: Partial<KeepRequest> = {}): KeepRequest {
  const sizeBytes = 2 * BLOCK_BYTES + 5;
  return {
    entry: { segmentHash: new Uint8Array(32).fill(1), segmentSecret: new Uint8Array(32).fill(2) },
    sizeBytes,
    serveUntilMs: 1_800_000_000_000,
    blockHashList: new Uint8Array(blockHashListBytes(sizeBytes)).fill(3),
    blocks: [2, 0].map((blockIndex) => ({
      blockIndex,
      bytes: new Uint8Array(blockBytes(sizeBytes, blockIndex)).fill(blockIndex),
    })),
    ...changes,
  };
}

/** The message with these fields in place of its own. */
function altered(message: Uint8Array, fields: object): Uint8Array {
  const record = decodeCbor(message);
  if (typeof record !== 'object') throw new TypeError('no map');
  return encodeCbor({ ...record, ...fields });
}

test('find requests come back as they were', (t) => {
  const requests = fc.record({ lookups: fc.array(lookup, { maxLength: 60 }) });
  const property = fc.property(requests, (request) => {
    t.deepEqual(decodeFindRequest(encodeFindRequest(request)), request);
  });
  holds(t, property, { numRuns: 50 });
});

test('found peers come back as they were, wherever the stream is cut', (t) => {
  const property = fc.property(fc.array(lanPeer, { maxLength: 8 }), fc.nat(), (peers, cut) => {
    const bytes = Buffer.concat(peers.map((peer) => encodeFoundPeer(peer)));
    const at = bytes.length === 0 ? 0 : cut % bytes.length;
    const first = decodeFoundPeers(bytes.subarray(0, at));
    const second = decodeFoundPeers(bytes.subarray(first.usedBytes));
    t.deepEqual([...first.peers, ...second.peers], peers);
    t.is(first.usedBytes + second.usedBytes, bytes.length);
  });
  holds(t, property, { numRuns: 100 });
});

test('a keep request comes back as it was, with a list and without', (t) => {
  for (const changes of [{}, { blockHashList: undefined }, { blocks: [] }]) {
    const request = keepRequest(changes);
    t.deepEqual(decodeKeepRequest(encodeKeepRequest(request)), request);
  }
});

test('a run of blocks with the list of its segment fits one keep request', (t) => {
  const blockHashList = new Uint8Array(blockHashListBytes(SEGMENT_BYTES));
  const blocks = Array.from({ length: 16 }, (_, index) => {
    return { blockIndex: blockCount(SEGMENT_BYTES) - 1 - index, bytes: Buffer.alloc(BLOCK_BYTES) };
  });
  const request = keepRequest({ sizeBytes: SEGMENT_BYTES, blockHashList, blocks });
  t.true(encodeKeepRequest(request).length <= MOST_KEEP_BYTES);
});

test('keep answers come back as they were', (t) => {
  const answer = { hasBlockHashList: true, blocks: Uint8Array.of(5, 1) };
  t.deepEqual(decodeKeepAnswer(encodeKeepAnswer(answer)), answer);
});

const isRefused = test.macro((t, decode: () => unknown) => {
  t.throws(decode, { code: 'MALFORMED_MESSAGE' });
});

const HOSTILE_KEEPS: Readonly<Record<string, object>> = {
  'a segment of nothing': { sizeBytes: 0 },
  'a segment longer than any': { sizeBytes: SEGMENT_BYTES + 1 },
  'a time before time': { serveUntilMs: -1 },
  'a secret that is too short': { segmentSecret: new Uint8Array(31) },
  'a list of another length': { blockHashList: new Uint8Array(32) },
  'a list that is longer': { blockHashList: new Uint8Array(128) },
  'a block outside the segment': { blockIndices: [3] },
  'a block number that is none': { blockIndices: [0.5] },
  'fewer bytes than its blocks have': { bytes: new Uint8Array(BLOCK_BYTES) },
  'more bytes than its blocks have': { bytes: new Uint8Array(BLOCK_BYTES + 6) },
  'more blocks than a run': { blockIndices: Array.from({ length: 17 }, () => 2) },
  'a text for bytes': { bytes: 'x' },
};

for (const [what, fields] of Object.entries(HOSTILE_KEEPS)) {
  test(`a keep request with ${what} is refused`, isRefused, () =>
    decodeKeepRequest(altered(encodeKeepRequest(keepRequest()), fields)),
  );
}

const HOSTILE_PEERS: Readonly<Record<string, object>> = {
  'a name for an address': { host: 'localhost' },
  'an endless address': { host: '1'.repeat(65) },
  'a port of others': { port: 22 },
  'a place beyond any request': { holds: [256] },
  'no word on what is known': { isKnown: 1 },
};

for (const [what, fields] of Object.entries(HOSTILE_PEERS)) {
  test(`a found peer with ${what} is refused`, isRefused, () => {
    const [, , ...message] = encodeFoundPeer({ host: '10.0.0.1', port: 7690, holds: [1] });
    const wrong = altered(Uint8Array.from(message), fields);
    return decodeFoundPeers(Buffer.concat([Uint8Array.of(0, wrong.length), wrong]));
  });
}

test('a found peer of endless length is refused before it is here', isRefused, () =>
  decodeFoundPeers(Uint8Array.of(0xff, 0xff, 0)),
);

test('a find request without a key for each segment is refused', isRefused, () =>
  decodeFindRequest(encodeCbor({ segmentIds: new Uint8Array(32), proofKeys: new Uint8Array(32) })),
);

test('a keep answer longer than a segment has blocks is refused', isRefused, () =>
  decodeKeepAnswer(encodeCbor({ hasBlockHashList: true, blocks: new Uint8Array(65) })),
);
