import { BLOCKS_PER_SEGMENT, encodeCbor, PROOF_BYTES, SEGMENT_ID_BYTES } from '@peer-cache/core';
import { Fields } from './checks.ts';
import { MalformedMessageError } from './errors.ts';
import { MOST_SEGMENTS_PER_REQUEST, MOST_WAIT_MS } from './limits.ts';

const MOST_VERSION = 2 ** 32;
const MOST_BITMAP_BYTES = BLOCKS_PER_SEGMENT / 8;

/** Asks which blocks of some segments the server holds (MSG_GETBLKLIST in [MS-PCCRR] 2.2.4.2). */
export interface StateRequest {
  /** Answer at once if anything differs from what is known, else after a change or this long. */
  readonly waitMs: number;
  readonly segments: readonly StateQuestion[];
}

export interface StateQuestion {
  readonly segmentId: Uint8Array;
  readonly proof: Uint8Array;
  /** The version of the last answer about this segment; 0 if there was none. */
  readonly knownVersion: number;
}

/**
 * What the server holds and the asker proved to know, where it differs from what was known. A
 * segment that is not held and one that was asked for without a valid proof are both absent.
 */
export interface StateResponse {
  readonly segments: readonly SegmentState[];
}

export interface SegmentState {
  /** Place of the segment in the request. */
  readonly index: number;
  readonly proof: Uint8Array;
  /** Grows with each change; at least 1. */
  readonly version: number;
  readonly hasBlockHashList: boolean;
  /** A bitmap as BlockSet.toBytes gives it. */
  readonly blocks: Uint8Array;
}

export function encodeStateRequest({ waitMs, segments }: StateRequest): Uint8Array {
  return encodeCbor({
    waitMs,
    segmentIds: Buffer.concat(segments.map(({ segmentId }) => segmentId)),
    proofs: Buffer.concat(segments.map(({ proof }) => proof)),
    known: segments.map(({ knownVersion }) => knownVersion),
  });
}

/** @throws {MalformedMessageError} */
export function decodeStateRequest(bytes: Uint8Array): StateRequest {
  const fields: Fields = Fields.decode('state request', bytes);
  const segmentIds = fields.packed('segmentIds', SEGMENT_ID_BYTES, MOST_SEGMENTS_PER_REQUEST);
  const proofs = fields.packed('proofs', PROOF_BYTES, MOST_SEGMENTS_PER_REQUEST);
  const known = fields.wholeNumbers('known', 0, MOST_VERSION, MOST_SEGMENTS_PER_REQUEST);
  const segments = segmentIds.map((segmentId, index) => ({
    segmentId,
    proof: proofs[index] ?? fields.fail('proofs', 'too short'),
    knownVersion: known[index] ?? fields.fail('known', 'too short'),
  }));
  if (proofs.length > segments.length) fields.fail('proofs', 'too long');
  if (known.length > segments.length) fields.fail('known', 'too long');
  return { waitMs: fields.wholeNumber('waitMs', 0, MOST_WAIT_MS), segments };
}

export function encodeStateResponse({ segments }: StateResponse): Uint8Array {
  return encodeCbor({ segments });
}

/** @throws {MalformedMessageError} */
export function decodeStateResponse(bytes: Uint8Array): StateResponse {
  const fields = Fields.decode('state answer', bytes);
  const segments = fields.list('segments', MOST_SEGMENTS_PER_REQUEST).map((value) => {
    const segment = new Fields('state answer', value);
    return {
      index: segment.wholeNumber('index', 0, MOST_SEGMENTS_PER_REQUEST - 1),
      proof: segment.bytes('proof', PROOF_BYTES),
      version: segment.wholeNumber('version', 1, MOST_VERSION),
      hasBlockHashList: segment.truth('hasBlockHashList'),
      blocks: bitmap(value),
    };
  });
  return { segments };
}

function bitmap(value: unknown): Uint8Array {
  const blocks = typeof value === 'object' && value !== null && 'blocks' in value && value.blocks;
  if (!(blocks instanceof Uint8Array) || blocks.length > MOST_BITMAP_BYTES) {
    throw new MalformedMessageError('state answer', 'blocks is no bitmap');
  }
  return blocks;
}
