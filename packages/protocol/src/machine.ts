import { isIP } from 'node:net';
import {
  blockBytes,
  blockCount,
  blockHashListBytes,
  BLOCKS_PER_SEGMENT,
  DIGEST_BYTES,
  encodeCbor,
  KIB,
  MIB,
  SEGMENT_BYTES,
  SEGMENT_ID_BYTES,
} from '@peer-cache/core';
import type { SegmentEntry } from '@peer-cache/core';
import { Fields } from './checks.ts';
import { MalformedMessageError } from './errors.ts';
import { BLOCKS_PER_RUN, LEAST_PORT, MOST_SEGMENTS_PER_REQUEST } from './limits.ts';

/** Asks the machine's agent to look segments up on the LAN; only on the machine's socket. */
export const MACHINE_FIND_PATH = '/machine/v1/find';
/** Hands the machine's agent what a user's agent fetched; only on the machine's socket. */
export const MACHINE_KEEP_PATH = '/machine/v1/keep';
/** The `Host` of every request on a Unix socket, which has no address and no port. */
export const LOCAL_HOST = 'localhost';
/** The type of an answer to a find. */
export const FOUND_TYPE = 'application/vnd.peer-cache.found';
/** A run of blocks, a block hash list and what is around them. */
export const MOST_KEEP_BYTES: number = 1 * MIB + 32 * KIB;
/** A find names no more peers than this. */
export const MOST_FOUND_PEERS = 256;

const PROOF_KEY_BYTES = 32;
const FRAME_LENGTH_BYTES = 2;
const MOST_FOUND_BYTES = 4 * KIB;
/** The longest IPv6 address, and a zone of as many characters as an interface may have. */
const MOST_HOST_LENGTH = 64;

/** Segments to look up. The proof keys let the machine's agent ask as one who may know them. */
export interface FindRequest {
  readonly lookups: readonly LanLookup[];
}

export interface LanLookup {
  readonly segmentId: Uint8Array;
  readonly proofKey: Uint8Array;
}

/** A peer on the LAN that answered a lookup. */
export interface LanPeer {
  /** An IP literal; link-local IPv6 carries its zone. */
  readonly host: string;
  readonly port: number;
  /** Places in the request of the segments that it has; undefined where that is not known. */
  readonly holds: readonly number[] | undefined;
}

/** What came of the answer to a find so far. */
export interface FoundPeers {
  readonly peers: readonly LanPeer[];
  /** How many bytes they took; the rest is the beginning of the next one. */
  readonly usedBytes: number;
}

/**
 * A segment as content information describes it, and some of it: its block hash list, and blocks
 * as they are. With neither it asks what the machine's store has of the segment.
 */
export interface KeepRequest {
  readonly entry: SegmentEntry;
  readonly sizeBytes: number;
  /** Milliseconds since 1970: until then its origin lets it be served. */
  readonly serveUntilMs: number;
  readonly blockHashList: Uint8Array | undefined;
  readonly blocks: readonly KeptBlock[];
}

export interface KeptBlock {
  readonly blockIndex: number;
  readonly bytes: Uint8Array;
}

/** What the machine's store has of the segment now. */
export interface KeepAnswer {
  readonly hasBlockHashList: boolean;
  /** A bitmap as BlockSet.toBytes gives it. */
  readonly blocks: Uint8Array;
}

export function encodeFindRequest({ lookups }: FindRequest): Uint8Array {
  return encodeCbor({
    segmentIds: Buffer.concat(lookups.map(({ segmentId }) => segmentId)),
    proofKeys: Buffer.concat(lookups.map(({ proofKey }) => proofKey)),
  });
}

/** @throws {MalformedMessageError} */
export function decodeFindRequest(bytes: Uint8Array): FindRequest {
  const fields: Fields = Fields.decode('find request', bytes);
  const segmentIds = fields.packed('segmentIds', SEGMENT_ID_BYTES, MOST_SEGMENTS_PER_REQUEST);
  const proofKeys = fields.packed('proofKeys', PROOF_KEY_BYTES, MOST_SEGMENTS_PER_REQUEST);
  if (proofKeys.length !== segmentIds.length) fields.fail('proofKeys', 'not one for each segment');
  const lookups = segmentIds.map((segmentId, index) => {
    return { segmentId, proofKey: proofKeys[index] ?? fields.fail('proofKeys', 'too short') };
  });
  return { lookups };
}

/** One peer as it stands in the answer to a find, which is a sequence of these: u16 length, map. */
export function encodeFoundPeer({ host, port, holds }: LanPeer): Uint8Array {
  const message = encodeCbor({ host, port, isKnown: holds !== undefined, holds: holds ?? [] });
  const frame = Buffer.alloc(FRAME_LENGTH_BYTES + message.length);
  frame.writeUInt16BE(message.length);
  frame.set(message, FRAME_LENGTH_BYTES);
  return frame;
}

/**
 * The peers that stand whole in the answer to a find, as far as it came.
 *
 * @throws {MalformedMessageError}
 */
export function decodeFoundPeers(bytes: Uint8Array): FoundPeers {
  const peers: LanPeer[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let usedBytes = 0;
  while (bytes.length - usedBytes >= FRAME_LENGTH_BYTES) {
    const length = view.getUint16(usedBytes);
    if (length > MOST_FOUND_BYTES) throw new MalformedMessageError('found peer', 'too long');
    const startByte = usedBytes + FRAME_LENGTH_BYTES;
    if (bytes.length < startByte + length) break;
    peers.push(decodeFoundPeer(bytes.subarray(startByte, startByte + length)));
    usedBytes = startByte + length;
  }
  return { peers, usedBytes };
}

export function encodeKeepRequest(request: KeepRequest): Uint8Array {
  const { entry, sizeBytes, serveUntilMs, blockHashList, blocks } = request;
  return encodeCbor({
    segmentHash: entry.segmentHash,
    segmentSecret: entry.segmentSecret,
    sizeBytes,
    serveUntilMs,
    blockHashList: blockHashList ?? new Uint8Array(),
    blockIndices: blocks.map(({ blockIndex }) => blockIndex),
    bytes: Buffer.concat(blocks.map(({ bytes }) => bytes)),
  });
}

/** @throws {MalformedMessageError} */
export function decodeKeepRequest(body: Uint8Array): KeepRequest {
  const fields = Fields.decode('keep request', body);
  const sizeBytes = fields.wholeNumber('sizeBytes', 1, SEGMENT_BYTES);
  return {
    entry: {
      segmentHash: fields.bytes('segmentHash', DIGEST_BYTES),
      segmentSecret: fields.bytes('segmentSecret', DIGEST_BYTES),
    },
    sizeBytes,
    serveUntilMs: fields.wholeNumber('serveUntilMs', 0, Number.MAX_SAFE_INTEGER),
    blockHashList: decodeList(fields, sizeBytes),
    blocks: decodeBlocks(fields, sizeBytes),
  };
}

export function encodeKeepAnswer({ hasBlockHashList, blocks }: KeepAnswer): Uint8Array {
  return encodeCbor({ hasBlockHashList, blocks });
}

/** @throws {MalformedMessageError} */
export function decodeKeepAnswer(bytes: Uint8Array): KeepAnswer {
  const fields = Fields.decode('keep answer', bytes);
  return {
    hasBlockHashList: fields.truth('hasBlockHashList'),
    blocks: fields.bytesUpTo('blocks', BLOCKS_PER_SEGMENT / 8),
  };
}

function decodeFoundPeer(bytes: Uint8Array): LanPeer {
  const fields = Fields.decode('found peer', bytes);
  const host = fields.text('host', MOST_HOST_LENGTH);
  if (isIP(host) === 0) fields.fail('host', 'no address');
  const most = MOST_SEGMENTS_PER_REQUEST;
  const holds = fields.wholeNumbers('holds', 0, most - 1, most);
  const port = fields.wholeNumber('port', LEAST_PORT, 65_535);
  return { host, port, holds: fields.truth('isKnown') ? holds : undefined };
}

function decodeList(fields: Fields, sizeBytes: number): Uint8Array | undefined {
  const most = blockHashListBytes(sizeBytes);
  const list = fields.bytesUpTo('blockHashList', most);
  if (list.length === 0) return undefined;
  return list.length === most ? list : fields.fail('blockHashList', `not ${most} bytes`);
}

/** Adjacent in `bytes`, in the order of `blockIndices`; their sizes follow from their places. */
function decodeBlocks(fields: Fields, sizeBytes: number): KeptBlock[] {
  const mostIndex = blockCount(sizeBytes) - 1;
  const indices = fields.wholeNumbers('blockIndices', 0, mostIndex, BLOCKS_PER_RUN);
  const bytes = fields.bytesUpTo('bytes', MOST_KEEP_BYTES);
  const blocks: KeptBlock[] = [];
  let at = 0;
  for (const blockIndex of indices) {
    const size = blockBytes(sizeBytes, blockIndex);
    blocks.push({ blockIndex, bytes: bytes.subarray(at, at + size) });
    at += size;
  }
  if (at !== bytes.length) fields.fail('bytes', `not ${at} bytes`);
  return blocks;
}
