import { BLOCK_HASH_LIST_INDEX, encodeCbor } from '@peer-cache/core';
import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import {
  decodeBlocksRequest,
  decodeFrameHeader,
  encodeBlocksRequest,
  encodeFrameHeader,
  FRAME_HEADER_BYTES,
  MOST_RESPONSE_BYTES,
} from '../src/index.ts';
import { blocksRequests } from './helpers/messages.ts';

test('blocks requests come back as they were', (t) => {
  const property = fc.property(blocksRequests, (request) => {
    t.deepEqual(decodeBlocksRequest(encodeBlocksRequest(request)), request);
  });
  holds(t, property, { numRuns: 50 });
});

test('frame headers come back as they were, wherever they stand', (t) => {
  const headers = fc.record({
    index: fc.nat(255),
    firstBlock: fc.oneof(fc.nat(511), fc.constant(BLOCK_HASH_LIST_INDEX)),
    sizeBytes: fc.nat(MOST_RESPONSE_BYTES),
  });
  const property = fc.property(headers, fc.nat(20), (header, at) => {
    const bytes = Buffer.alloc(at + FRAME_HEADER_BYTES + 3, 0xee);
    encodeFrameHeader(header, bytes, at);
    t.deepEqual(decodeFrameHeader(bytes, at), header);
  });
  holds(t, property);
});

// The vector of docs/protocol.md.
test('a frame header has the bytes that the protocol says', (t) => {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES);
  encodeFrameHeader({ index: 3, firstBlock: 16, sizeBytes: 1_048_832 }, bytes);
  t.is(bytes.toString('hex'), '000000030000001000100100');
});

test('a frame header that no honest server sends is malformed', (t) => {
  const headers = [
    { index: 256, firstBlock: 0, sizeBytes: 0 },
    { index: 0, firstBlock: 512, sizeBytes: 0 },
    { index: 0, firstBlock: BLOCK_HASH_LIST_INDEX - 1, sizeBytes: 0 },
    { index: 0, firstBlock: 0, sizeBytes: MOST_RESPONSE_BYTES + 1 },
  ];
  for (const header of headers) {
    const bytes = Buffer.alloc(FRAME_HEADER_BYTES);
    encodeFrameHeader(header, bytes);
    t.throws(() => decodeFrameHeader(bytes), { code: 'MALFORMED_MESSAGE' });
  }
});

test('a frame header that is cut off is malformed, whatever lies behind it', (t) => {
  const bytes = Buffer.alloc(64);
  t.throws(() => decodeFrameHeader(bytes.subarray(0, 11)), { code: 'MALFORMED_MESSAGE' });
  t.throws(() => decodeFrameHeader(bytes, 53), { code: 'MALFORMED_MESSAGE' });
  t.notThrows(() => decodeFrameHeader(bytes, 52));
});

const question = {
  segmentId: Buffer.alloc(16),
  proof: Buffer.alloc(16),
  runs: [0, 512],
  wantsBlockHashList: false,
  wasDamaged: false,
};
const isMalformed = test.macro<[fields: object]>((t, fields) => {
  t.notThrows(() => decodeBlocksRequest(encodeCbor({ waitMs: 0, segments: [question] })));
  const bytes = encodeCbor({ waitMs: 0, segments: [{ ...question, ...fields }] });
  t.throws(() => decodeBlocksRequest(bytes), { code: 'MALFORMED_MESSAGE' });
});

test('a run of no block is malformed', isMalformed, { runs: [0, 0] });
test('a run past the segment is malformed', isMalformed, { runs: [1, 512] });
test('a run that begins past the segment is malformed', isMalformed, { runs: [512, 1] });
test('half a run is malformed', isMalformed, { runs: [0, 1, 5] });
test('a run of half a block is malformed', isMalformed, { runs: [0, 1.5] });
test('a run before the segment is malformed', isMalformed, { runs: [-1, 2] });
test('257 runs are malformed', isMalformed, { runs: Array(514).fill(1) });
test('a segment ID of 17 bytes is malformed', isMalformed, { segmentId: Buffer.alloc(17) });
test('a proof of no bytes is malformed', isMalformed, { proof: Buffer.alloc(0) });
test('a wish that is a number is malformed', isMalformed, { wantsBlockHashList: 1 });

test('257 segments are malformed', (t) => {
  const bytes = encodeCbor({ segments: Array.from({ length: 257 }, () => question) });
  t.throws(() => decodeBlocksRequest(bytes), { code: 'MALFORMED_MESSAGE' });
});

test('a wait of more than 10 s is malformed', (t) => {
  const bytes = encodeCbor({ waitMs: 10_001, segments: [question] });
  t.throws(() => decodeBlocksRequest(bytes), { code: 'MALFORMED_MESSAGE' });
});
