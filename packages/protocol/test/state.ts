import { encodeCbor } from '@peer-cache/core';
import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import {
  decodeStateRequest,
  decodeStateResponse,
  encodeStateRequest,
  encodeStateResponse,
  MOST_REQUEST_BYTES,
} from '../src/index.ts';
import { stateRequests, stateResponses } from './helpers/messages.ts';

test('state requests come back as they were', (t) => {
  const property = fc.property(stateRequests, (request) => {
    t.deepEqual(decodeStateRequest(encodeStateRequest(request)), request);
  });
  holds(t, property);
});

test('state answers come back as they were', (t) => {
  const property = fc.property(stateResponses, (response) => {
    t.deepEqual(decodeStateResponse(encodeStateResponse(response)), response);
  });
  holds(t, property);
});

test('the largest messages fit', (t) => {
  const blocks = Buffer.alloc(64, 0xff);
  const proof = Buffer.alloc(16, 1);
  const claim = { runIndex: 31, kind: 'takeover' as const, receivedBytes: 2 ** 20 };
  const peer = { peerId: 'ff'.repeat(16), host: 'fd00:1:2:3:4:5:6:7', port: 65_535 };
  const segments = Array.from({ length: 256 }, (_, index) => ({
    segmentId: Buffer.alloc(16, index),
    proof,
    knownVersion: 2 ** 32,
    index,
    version: 2 ** 32,
    hasBlockHashList: true,
    blocks,
  }));
  const request = encodeStateRequest({ waitMs: 10_000, segments });
  t.true(request.length < MOST_REQUEST_BYTES);
  t.is(decodeStateRequest(request).segments.length, 256);
  const states = segments.map(({ index, version, hasBlockHashList }) => {
    const claims = Array.from({ length: 4 }, () => claim);
    const peers = index === 0 ? Array.from({ length: 32 }, () => peer) : [];
    const held = { index, proof, version, hasBlockHashList, blocks };
    return { ...held, standing: 'foreground' as const, claims, peers };
  });
  const response = encodeStateResponse({ segments: states });
  t.true(response.length < 96 * 1024, `${response.length}`);
  t.is(decodeStateResponse(response).segments.length, 256);
});

const request = {
  waitMs: 0,
  segmentIds: Buffer.alloc(32),
  proofs: Buffer.alloc(32),
  known: [0, 0],
};
const isMalformedRequest = test.macro<[fields: object]>((t, fields) => {
  t.notThrows(() => decodeStateRequest(encodeCbor(request)));
  const bytes = encodeCbor({ ...request, ...fields });
  t.throws(() => decodeStateRequest(bytes), { code: 'MALFORMED_MESSAGE' });
});

test('a wait of more than 10 s is malformed', isMalformedRequest, { waitMs: 10_001 });
test('a wait of less than nothing is malformed', isMalformedRequest, { waitMs: -1 });
test('half a segment ID is malformed', isMalformedRequest, { segmentIds: Buffer.alloc(31) });
test('a proof too few is malformed', isMalformedRequest, { proofs: Buffer.alloc(16) });
test('a proof too many is malformed', isMalformedRequest, { proofs: Buffer.alloc(48) });
test('a version too few is malformed', isMalformedRequest, { known: [0] });
test('a version too many is malformed', isMalformedRequest, { known: [0, 0, 0] });
test('a version beyond 2^32 is malformed', isMalformedRequest, { known: [0, 2 ** 32 + 1] });
test('257 segments are malformed', isMalformedRequest, {
  segmentIds: Buffer.alloc(257 * 16),
  proofs: Buffer.alloc(257 * 16),
  known: Array(257).fill(0),
});

const state = {
  index: 0,
  proof: Buffer.alloc(16),
  version: 1,
  hasBlockHashList: false,
  blocks: Buffer.alloc(64),
  standing: 3,
  claims: [31, 2, 65_536],
  peers: [{ peerId: Buffer.alloc(16), host: '192.0.2.7', port: 1024 }],
};
const [peer] = state.peers;
const isMalformedAnswer = test.macro<[fields: object]>((t, fields) => {
  t.notThrows(() => decodeStateResponse(encodeCbor({ segments: [state] })));
  const bytes = encodeCbor({ segments: [{ ...state, ...fields }] });
  t.throws(() => decodeStateResponse(bytes), { code: 'MALFORMED_MESSAGE' });
});

test('an index beyond the request is malformed', isMalformedAnswer, { index: 256 });
test('a version 0 is malformed', isMalformedAnswer, { version: 0 });
test('a bitmap of more than a segment is malformed', isMalformedAnswer, {
  blocks: Buffer.alloc(65),
});
test('a bitmap that is a list is malformed', isMalformedAnswer, { blocks: [255] });
test('a truth that is a number is malformed', isMalformedAnswer, { hasBlockHashList: 1 });
test('an unknown standing is malformed', isMalformedAnswer, { standing: 4 });
test('half a claim is malformed', isMalformedAnswer, { claims: [0, 0] });
test('a claim on a run that no segment has is malformed', isMalformedAnswer, {
  claims: [32, 0, 0],
});
test('an unknown kind of claim is malformed', isMalformedAnswer, { claims: [0, 3, 0] });
test('more claims than peers can have are malformed', isMalformedAnswer, {
  claims: Array(17 * 3).fill(0),
});
test('a peer without an address is malformed', isMalformedAnswer, {
  peers: [{ ...peer, host: 'printer.local' }],
});
test('a peer with a zone of somebody else is malformed', isMalformedAnswer, {
  peers: [{ ...peer, host: 'fe80::1%eth0' }],
});
test('a peer on a port below 1024 is malformed', isMalformedAnswer, {
  peers: [{ ...peer, port: 631 }],
});
test('33 peers are malformed', isMalformedAnswer, { peers: Array(33).fill(peer) });
