import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type {
  BlocksRequest,
  Claim,
  HelloRequest,
  HelloResponse,
  StateRequest,
  StateResponse,
  ToldPeer,
} from '../../src/index.ts';

/** So many bytes of any value. */
export function bytesOf(length: number): Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

const versions = fc.integer({ min: 0, max: 2 ** 32 });
const indexes = fc.nat(255);

/** Messages that an honest peer may send. */
export const helloRequests: Arbitrary<HelloRequest> = fc.record({
  versions: fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: 16 }),
  clientNonce: bytesOf(16),
  port: fc.oneof(fc.constant(0), fc.integer({ min: 1024, max: 65_535 })),
});

export const helloResponses: Arbitrary<HelloResponse> = fc.record({
  version: fc.integer({ min: 1, max: 255 }),
  serverNonce: bytesOf(16),
  publicKey: bytesOf(32),
  signature: bytesOf(64),
});

export const stateRequests: Arbitrary<StateRequest> = fc.record({
  waitMs: fc.nat(10_000),
  segments: fc.array(
    fc.record({ segmentId: bytesOf(16), proof: bytesOf(16), knownVersion: versions }),
    { maxLength: 256 },
  ),
});

const claims: Arbitrary<Claim> = fc.record({
  runIndex: fc.nat(31),
  kind: fc.constantFrom('own', 'stolen', 'takeover'),
  receivedBytes: fc.nat(2 ** 30),
});

const toldPeers: Arbitrary<ToldPeer> = fc.record({
  peerId: fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((bytes) => Buffer.from(bytes).toString('hex')),
  host: fc.oneof(fc.ipV4(), fc.ipV6()),
  port: fc.integer({ min: 1024, max: 65_535 }),
});

export const stateResponses: Arbitrary<StateResponse> = fc.record({
  segments: fc.array(
    fc.record({
      index: indexes,
      proof: bytesOf(16),
      version: fc.integer({ min: 1, max: 2 ** 32 }),
      hasBlockHashList: fc.boolean(),
      blocks: fc.uint8Array({ maxLength: 64 }),
      standing: fc.constantFrom('none', 'waiting', 'background', 'foreground'),
      claims: fc.array(claims, { maxLength: 16 }),
      peers: fc.array(toldPeers, { maxLength: 32 }),
    }),
    { maxLength: 256 },
  ),
});

const runs = fc.tuple(fc.nat(511), fc.integer({ min: 1, max: 512 })).map(([firstBlock, count]) => {
  return { firstBlock, count: Math.min(count, 512 - firstBlock) };
});

export const blocksRequests: Arbitrary<BlocksRequest> = fc.record({
  waitMs: fc.nat(10_000),
  segments: fc.array(
    fc.record({
      segmentId: bytesOf(16),
      proof: bytesOf(16),
      runs: fc.array(runs, { maxLength: 256 }),
      wantsBlockHashList: fc.boolean(),
      wasDamaged: fc.boolean(),
    }),
    { maxLength: 256 },
  ),
});
