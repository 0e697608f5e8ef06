import {
  BLOCK_HASH_LIST_INDEX,
  SEAL_BYTES,
  sealBlockHashList,
  segmentHashOf,
} from '@peer-cache/core';
import { encodeFrameHeader, FRAME_HEADER_BYTES } from '@peer-cache/protocol';
import type { StoredSegment } from '@peer-cache/store';
import type { PlannedFrame } from './answer-plan.ts';

export interface FilledAnswer {
  readonly sizeBytes: number;
  /** Bytes of contents in it, without seals, headers and block hash lists. */
  readonly contentBytes: number;
}

/**
 * Writes the frames of an answer one behind the other, each run straight from the store to its
 * place. What has gone from the store since the plan was made is left out.
 */
export async function fillAnswer(
  frames: readonly PlannedFrame<StoredSegment>[],
  into: Buffer,
): Promise<FilledAnswer> {
  let at = 0;
  let contentBytes = 0;
  for (const frame of frames) {
    const filled = await fillFrame(frame, into, at + FRAME_HEADER_BYTES);
    if (filled === undefined) continue;
    const { sizeBytes } = filled;
    encodeFrameHeader(
      { index: frame.wish.index, firstBlock: frame.firstBlock, sizeBytes },
      into,
      at,
    );
    at += FRAME_HEADER_BYTES + sizeBytes;
    contentBytes += filled.contentBytes;
  }
  return { sizeBytes: at, contentBytes };
}

async function fillFrame(
  frame: PlannedFrame<StoredSegment>,
  into: Buffer,
  at: number,
): Promise<FilledAnswer | undefined> {
  const { wish, firstBlock, count } = frame;
  if (firstBlock === BLOCK_HASH_LIST_INDEX) return fillList(wish.segment, into, at);
  const isSuspect = wish.wasDamaged;
  const run = await wish.segment.readSealed({ firstBlock, count, isSuspect, into, at });
  if (run === undefined) return undefined;
  const sizeBytes = run.bytes.length;
  return { sizeBytes, contentBytes: sizeBytes - run.count * SEAL_BYTES };
}

function fillList(segment: StoredSegment, into: Buffer, at: number): FilledAnswer | undefined {
  const { blockHashList, sizeBytes, keys } = segment;
  if (blockHashList === undefined) return undefined;
  const segmentHash = segmentHashOf(sizeBytes, blockHashList);
  const sealed = sealBlockHashList(keys, { segmentHash, sizeBytes }, blockHashList);
  into.set(sealed, at);
  return { sizeBytes: sealed.length, contentBytes: 0 };
}
