import {
  BLOCK_HASH_LIST_INDEX,
  BLOCKS_PER_SEGMENT,
  encodeCbor,
  PROOF_BYTES,
  SEGMENT_ID_BYTES,
} from '@peer-cache/core';
import { Fields } from './checks.ts';
import { MalformedMessageError } from './errors.ts';
import {
  MOST_RANGES_PER_SEGMENT,
  MOST_RESPONSE_BYTES,
  MOST_SEGMENTS_PER_REQUEST,
  MOST_WAIT_MS,
} from './limits.ts';

/** Asks for sealed blocks and block hash lists of some segments (MSG_GETBLKS, [MS-PCCRR] 2.2.4.3). */
export interface BlocksRequest {
  /**
   * How long to wait for each block of the first segment that the server is fetching; 0 for those
   * that it has. Blocks come as they arrive there. A promise that can't be kept ends the
   * connection.
   */
  readonly waitMs: number;
  readonly segments: readonly BlocksQuestion[];
}

export interface BlocksQuestion {
  readonly segmentId: Uint8Array;
  readonly proof: Uint8Array;
  /** Runs of adjacent blocks. */
  readonly runs: readonly BlockRun[];
  readonly wantsBlockHashList: boolean;
  /** The last answer was damaged: the server checks its copy before it answers again. */
  readonly wasDamaged: boolean;
}

export interface BlockRun {
  readonly firstBlock: number;
  readonly count: number;
}

/**
 * The answer is a sequence of frames, each this header and `sizeBytes` bytes: adjacent sealed
 * blocks, or one sealed block hash list. What is not held, or was asked for without a valid proof,
 * has no frame; a server may also leave out what would make the answer too long.
 */
export interface FrameHeader {
  /** Place of the segment in the request. */
  readonly index: number;
  /** The first block, or BLOCK_HASH_LIST_INDEX. */
  readonly firstBlock: number;
  readonly sizeBytes: number;
}

/** u32 index, u32 first block, u32 size, all big-endian. */
export const FRAME_HEADER_BYTES = 12;

export function encodeBlocksRequest({ waitMs, segments }: BlocksRequest): Uint8Array {
  return encodeCbor({
    waitMs,
    segments: segments.map(({ segmentId, proof, runs, wantsBlockHashList, wasDamaged }) => ({
      segmentId,
      proof,
      runs: runs.flatMap(({ firstBlock, count }) => [firstBlock, count]),
      wantsBlockHashList,
      wasDamaged,
    })),
  });
}

/** @throws {MalformedMessageError} */
export function decodeBlocksRequest(bytes: Uint8Array): BlocksRequest {
  const fields = Fields.decode('blocks request', bytes);
  const segments = fields.list('segments', MOST_SEGMENTS_PER_REQUEST).map((value) => {
    const segment = new Fields('blocks request', value);
    return {
      segmentId: segment.bytes('segmentId', SEGMENT_ID_BYTES),
      proof: segment.bytes('proof', PROOF_BYTES),
      runs: decodeRuns(segment),
      wantsBlockHashList: segment.truth('wantsBlockHashList'),
      wasDamaged: segment.truth('wasDamaged'),
    };
  });
  return { waitMs: fields.wholeNumber('waitMs', 0, MOST_WAIT_MS), segments };
}

export function encodeFrameHeader(header: FrameHeader, into: Buffer, at = 0): void {
  into.writeUInt32BE(header.index, at);
  into.writeUInt32BE(header.firstBlock, at + 4);
  into.writeUInt32BE(header.sizeBytes, at + 8);
}

/** @throws {MalformedMessageError} for a header that no honest server sends. */
export function decodeFrameHeader(bytes: Uint8Array, at = 0): FrameHeader {
  if (bytes.length < at + FRAME_HEADER_BYTES) {
    throw new MalformedMessageError('blocks answer', 'a frame header is cut off');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, FRAME_HEADER_BYTES);
  const header = {
    index: view.getUint32(0),
    firstBlock: view.getUint32(4),
    sizeBytes: view.getUint32(8),
  };
  const isBlock = header.firstBlock < BLOCKS_PER_SEGMENT;
  if (
    header.index >= MOST_SEGMENTS_PER_REQUEST ||
    header.sizeBytes > MOST_RESPONSE_BYTES ||
    !(isBlock || header.firstBlock === BLOCK_HASH_LIST_INDEX)
  ) {
    throw new MalformedMessageError('blocks answer', 'a frame header is out of range');
  }
  return header;
}

function decodeRuns(segment: Fields): BlockRun[] {
  const most = 2 * MOST_RANGES_PER_SEGMENT;
  const numbers = segment.wholeNumbers('runs', 0, BLOCKS_PER_SEGMENT, most);
  if (numbers.length % 2 !== 0) segment.fail('runs', 'cut off');
  const runs: BlockRun[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    const [firstBlock = 0, count = 0] = numbers.slice(at, at + 2);
    if (count < 1 || firstBlock + count > BLOCKS_PER_SEGMENT) segment.fail('runs', 'out of range');
    runs.push({ firstBlock, count });
  }
  return runs;
}
