import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type {
  BlocksRequest,
  HelloRequest,
  HelloResponse,
  StateRequest,
  StateResponse,
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

export const stateResponses: Arbitrary<StateResponse> = fc.record({
  segments: fc.array(
    fc.record({
      index: indexes,
      proof: bytesOf(16),
      version: fc.integer({ min: 1, max: 2 ** 32 }),
      hasBlockHashList: fc.boolean(),
      blocks: fc.uint8Array({ maxLength: 64 }),
    }),
    { maxLength: 256 },
  ),
});

const runs = fc.tuple(fc.nat(511), fc.integer({ min: 1, max: 512 })).map(([firstBlock, count]) => {
  return { firstBlock, count: Math.min(count, 512 - firstBlock) };
});

export const blocksRequests: Arbitrary<BlocksRequest> = fc.record({
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
