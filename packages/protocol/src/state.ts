import { isIP } from 'node:net';
import { BLOCKS_PER_SEGMENT, encodeCbor, PROOF_BYTES, SEGMENT_ID_BYTES } from '@peer-cache/core';
import { Fields } from './checks.ts';
import { MalformedMessageError } from './errors.ts';
import {
  BLOCKS_PER_RUN,
  LEAST_PORT,
  MOST_CLAIMS_TOLD,
  MOST_PEERS_TOLD,
  MOST_SEGMENTS_PER_REQUEST,
  MOST_WAIT_MS,
} from './limits.ts';
import { PEER_ID_BYTES } from './peer-identity.ts';

const MOST_VERSION = 2 ** 32;
const MOST_BITMAP_BYTES = BLOCKS_PER_SEGMENT / 8;
const MOST_RUN_INDEX = BLOCKS_PER_SEGMENT / BLOCKS_PER_RUN - 1;
/** Far more than a run has: what was fetched twice counts twice. */
const MOST_RECEIVED_BYTES = 2 ** 40;
const NUMBERS_PER_CLAIM = 3;
/** The longest address as text; told addresses have no zone. */
const MOST_HOST_LENGTH = 45;
/** In the order of their numbers on the wire. */
const STANDINGS = ['none', 'waiting', 'background', 'foreground'] as const;
const CLAIM_KINDS = ['own', 'stolen', 'takeover'] as const;

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
  readonly standing: Standing;
  /** What it is fetching of the segment from the origin. */
  readonly claims: readonly Claim[];
  /** Others that have to do with the segment, once on a connection and after each change. */
  readonly peers: readonly ToldPeer[];
}

/** A peer's part in a segment: whether it wants it, and may fetch it from the origin now. */
export type Standing = (typeof STANDINGS)[number];

/** A run of its own, one from the end of another's order, or one that another has not brought. */
export type ClaimKind = (typeof CLAIM_KINDS)[number];

/** What a peer says that it fetches from the origin: a loan on one run. */
export interface Claim {
  /** Number of the run within its segment. */
  readonly runIndex: number;
  readonly kind: ClaimKind;
  /** Bytes that came from the origin under this claim so far. */
  readonly receivedBytes: number;
}

/** A peer that another told of. Its ID is only believed when it proved it. */
export interface ToldPeer {
  readonly peerId: string;
  readonly host: string;
  readonly port: number;
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
  return encodeCbor({
    segments: segments.map(({ standing, claims, peers, ...held }) => ({
      ...held,
      standing: STANDINGS.indexOf(standing),
      claims: claims
        .slice(0, MOST_CLAIMS_TOLD)
        .flatMap(({ runIndex, kind, receivedBytes }) => [
          runIndex,
          CLAIM_KINDS.indexOf(kind),
          receivedBytes,
        ]),
      peers: peers.slice(0, MOST_PEERS_TOLD).map(({ peerId, host, port }) => ({
        peerId: Buffer.from(peerId, 'hex'),
        host,
        port,
      })),
    })),
  });
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
      standing: choice(segment, 'standing', STANDINGS),
      claims: decodeClaims(segment),
      peers: segment.list('peers', MOST_PEERS_TOLD).map(decodePeer),
    };
  });
  return { segments };
}

function decodeClaims(segment: Fields): Claim[] {
  const most = MOST_CLAIMS_TOLD * NUMBERS_PER_CLAIM;
  const numbers = segment.wholeNumbers('claims', 0, MOST_RECEIVED_BYTES, most);
  if (numbers.length % NUMBERS_PER_CLAIM !== 0) segment.fail('claims', 'cut off');
  const claims: Claim[] = [];
  for (let at = 0; at < numbers.length; at += NUMBERS_PER_CLAIM) {
    const [runIndex = 0, kindNumber = 0, receivedBytes = 0] = numbers.slice(at);
    const kind = CLAIM_KINDS[kindNumber];
    if (runIndex > MOST_RUN_INDEX || kind === undefined) segment.fail('claims', 'out of range');
    claims.push({ runIndex, kind, receivedBytes });
  }
  return claims;
}

function decodePeer(value: unknown): ToldPeer {
  const peer = new Fields('told peer', value);
  const host = peer.text('host', MOST_HOST_LENGTH);
  if (isIP(host) === 0 || host.includes('%')) peer.fail('host', 'no address');
  return {
    peerId: Buffer.from(peer.bytes('peerId', PEER_ID_BYTES)).toString('hex'),
    host,
    port: peer.wholeNumber('port', LEAST_PORT, 65_535),
  };
}

function choice<T>(fields: Fields, name: string, choices: readonly T[]): T {
  const chosen = choices[fields.wholeNumber(name, 0, choices.length - 1)];
  return chosen ?? fields.fail(name, 'out of range');
}

function bitmap(value: unknown): Uint8Array {
  const blocks = typeof value === 'object' && value !== null && 'blocks' in value && value.blocks;
  if (!(blocks instanceof Uint8Array) || blocks.length > MOST_BITMAP_BYTES) {
    throw new MalformedMessageError('state answer', 'blocks is no bitmap');
  }
  return blocks;
}
