import {
  BLOCK_BYTES,
  BLOCK_HASH_LIST_INDEX,
  BLOCKS_PER_SEGMENT,
  SEAL_BYTES,
} from '@peer-cache/core';
import type { BlockSet } from '@peer-cache/core';
import {
  FRAME_HEADER_BYTES,
  MOST_RESPONSE_BYTES,
  MOST_SEGMENTS_PER_REQUEST,
} from '@peer-cache/protocol';
import type { BlockRun } from '@peer-cache/protocol';

/** What a caller asked of a segment that it proved to know, and what is here of it. */
export interface Wish<Segment extends HeldSegment> {
  /** Place of the segment in the request. */
  readonly index: number;
  readonly segment: Segment;
  readonly runs: readonly BlockRun[];
  readonly wantsBlockHashList: boolean;
  readonly wasDamaged: boolean;
}

export interface HeldSegment {
  readonly sizeBytes: number;
  readonly blocks: BlockSet;
  readonly blockHashList: Uint8Array | undefined;
}

/** A frame of the answer: adjacent blocks that are here, or the block hash list. */
export interface PlannedFrame<Segment extends HeldSegment> {
  readonly wish: Wish<Segment>;
  /** A block index, or BLOCK_HASH_LIST_INDEX. */
  readonly firstBlock: number;
  readonly count: number;
  /** Without the frame header. */
  readonly sizeBytes: number;
}

/** An honest request asks for each block at most once; what goes beyond that isn't looked at. */
const MOST_BLOCKS_LOOKED_AT: number = MOST_SEGMENTS_PER_REQUEST * BLOCKS_PER_SEGMENT;

/** Which frames answer a request, in its order, as far as one answer goes. */
export function planAnswer<Segment extends HeldSegment>(
  wishes: readonly Wish<Segment>[],
  mostBytes: number = MOST_RESPONSE_BYTES,
): PlannedFrame<Segment>[] {
  const frames: PlannedFrame<Segment>[] = [];
  let roomBytes = mostBytes;
  for (const frame of wantedFrames(wishes)) {
    const fitting = fitInto(frame, roomBytes - FRAME_HEADER_BYTES);
    if (fitting === undefined) break;
    frames.push(fitting);
    roomBytes -= FRAME_HEADER_BYTES + fitting.sizeBytes;
  }
  return frames;
}

/** How many bytes the frames of an answer have with their headers. */
export function answerBytes(frames: readonly PlannedFrame<HeldSegment>[]): number {
  return frames.reduce((bytes, { sizeBytes }) => bytes + FRAME_HEADER_BYTES + sizeBytes, 0);
}

function* wantedFrames<Segment extends HeldSegment>(
  wishes: readonly Wish<Segment>[],
): Generator<PlannedFrame<Segment>> {
  let lookedAt = 0;
  for (const wish of wishes) {
    const { blockHashList } = wish.segment;
    if (wish.wantsBlockHashList && blockHashList !== undefined) {
      const sizeBytes = blockHashList.length + SEAL_BYTES;
      yield { wish, firstBlock: BLOCK_HASH_LIST_INDEX, count: 0, sizeBytes };
    }
    for (const run of wish.runs) {
      lookedAt += run.count;
      if (lookedAt > MOST_BLOCKS_LOOKED_AT) return;
      yield* heldFrames(wish, run);
    }
  }
}

/** The parts of a run that are here. */
function* heldFrames<Segment extends HeldSegment>(
  wish: Wish<Segment>,
  { firstBlock, count }: BlockRun,
): Generator<PlannedFrame<Segment>> {
  const { blocks, sizeBytes } = wish.segment;
  const endBlock = firstBlock + count;
  for (let block = firstBlock; block < endBlock; block++) {
    const held = blocks.runLength(block, endBlock - block);
    if (held === 0) continue;
    yield { wish, firstBlock: block, count: held, sizeBytes: sealedBytes(sizeBytes, block, held) };
    block += held;
  }
}

/** As much of a frame as there is room for; undefined when that is not even its first block. */
function fitInto<Segment extends HeldSegment>(
  frame: PlannedFrame<Segment>,
  roomBytes: number,
): PlannedFrame<Segment> | undefined {
  if (frame.sizeBytes <= roomBytes) return frame;
  const count = Math.min(frame.count - 1, Math.floor(roomBytes / (BLOCK_BYTES + SEAL_BYTES)));
  if (count < 1) return undefined;
  const sizeBytes = sealedBytes(frame.wish.segment.sizeBytes, frame.firstBlock, count);
  return { ...frame, count, sizeBytes };
}

/** How many bytes adjacent sealed blocks have; the last of a segment may be short. */
function sealedBytes(segmentBytes: number, firstBlock: number, count: number): number {
  const startByte = firstBlock * BLOCK_BYTES;
  const endByte = Math.min(segmentBytes, startByte + count * BLOCK_BYTES);
  return endByte - startByte + count * SEAL_BYTES;
}
