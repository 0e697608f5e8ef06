import type { ServerResponse } from 'node:http';
import { blockBytes, SEAL_BYTES, SEALED_BLOCK_BYTES } from '@peer-cache/core';
import type { Board } from '@peer-cache/ownership';
import { BLOCKS_TYPE, encodeFrameHeader, FRAME_HEADER_BYTES } from '@peer-cache/protocol';
import type { StoredSegment } from '@peer-cache/store';
import type { FastifyReply } from 'fastify';
import type { AnswerBuffers } from './answer-buffers.ts';
import type { Wish } from './answer-plan.ts';
import type { ChangeWatch } from './change-watch.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import { segmentNameOf } from './proven-segments.ts';
import type { PacedAnswer } from './serving-pace.ts';
import { written } from './written.ts';

/** Blocks of one segment, in order, that are here or will be. */
export interface ComingBlocks {
  readonly wish: Wish<StoredSegment>;
  readonly blocks: readonly number[];
}

export interface ComingParts {
  readonly board: Board;
  readonly changes: ChangeWatch;
  readonly buffers: AnswerBuffers;
  readonly counters: Counters;
  readonly now: () => number;
}

export interface SendOptions {
  /** For each block, after the one before it. */
  readonly waitMs: number;
  /** Where a limit holds: what leave comes from. */
  readonly answer: PacedAnswer | undefined;
}

/**
 * What a request that may wait is promised: the blocks of its first segment that are here and those
 * that are on their way here. Undefined where none is on its way: then there is nothing to wait for.
 */
export function planComing(
  [wish]: readonly Wish<StoredSegment>[],
  board: Board,
): ComingBlocks | undefined {
  if (wish === undefined) return undefined;
  const { segment, runs } = wish;
  const segmentName = segmentNameOf(segment.keys.segmentId);
  const asked = runs.flatMap(({ firstBlock, count }) =>
    Array.from({ length: count }, (_, index) => firstBlock + index),
  );
  const isComing = (block: number): boolean => board.isComing(segmentName, block);
  const isHere = (block: number): boolean => segment.blocks.has(block);
  if (!asked.some((block) => isComing(block) && !isHere(block))) return undefined;
  return { wish, blocks: asked.filter((block) => isHere(block) || isComing(block)) };
}

/**
 * Sends blocks as they arrive here, each in a frame of its own. The length was announced, so that a
 * promise which can't be kept ends the connection.
 */
export async function sendComing(
  reply: FastifyReply,
  connection: Connection,
  { wish, blocks, waitMs, answer }: ComingBlocks & SendOptions,
  parts: ComingParts,
): Promise<FastifyReply> {
  const { buffers, counters } = parts;
  const { sizeBytes } = wish.segment;
  const buffer = buffers.take(FRAME_HEADER_BYTES + SEALED_BLOCK_BYTES, connection.host);
  const { raw } = reply.hijack();
  const contentBytes = blocks.reduce((sum, block) => sum + blockBytes(sizeBytes, block), 0);
  const answerBytes = contentBytes + blocks.length * (SEAL_BYTES + FRAME_HEADER_BYTES);
  raw.writeHead(200, { 'content-type': BLOCKS_TYPE, 'content-length': answerBytes });
  raw.flushHeaders();
  try {
    const to = { raw, connection, waitMs, buffer: buffer.bytes };
    const { ending: signal } = connection;
    for await (const frameBytes of frames({ wish, blocks }, to, parts)) {
      await answer?.take({ least: frameBytes, most: frameBytes }, { signal });
      await written(raw, buffer.bytes.subarray(0, frameBytes));
    }
    raw.end();
    counters.blocksServed(connection, contentBytes);
  } catch {
    // A block did not come after all, or nobody reads: the other side learns it by the end.
    raw.destroy();
  } finally {
    buffer.release();
  }
  return reply;
}

/** Fills the buffer with one frame after the other, as the blocks come. */
async function* frames(
  { wish: { index, segment }, blocks }: ComingBlocks,
  to: {
    readonly raw: ServerResponse;
    readonly connection: Connection;
    /** For each block, after the one before it. */
    readonly waitMs: number;
    readonly buffer: Buffer;
  },
  { board, changes, now }: ComingParts,
): AsyncGenerator<number> {
  const { raw, connection, buffer } = to;
  const segmentName = segmentNameOf(segment.keys.segmentId);
  const left = new AbortController();
  raw.once('close', () => left.abort());
  const signal = AbortSignal.any([left.signal, connection.ending]);
  using waiter = changes.watchBlocks(segmentName);
  for (const firstBlock of blocks) {
    const deadlineMs = now() + to.waitMs;
    while (!segment.blocks.has(firstBlock)) {
      const waitMs = deadlineMs - now();
      const isHopeless = waitMs <= 0 || signal.aborted || !board.isComing(segmentName, firstBlock);
      if (isHopeless) throw new Error('the block does not come');
      await waiter.next(waitMs, { signal });
    }
    const run = { firstBlock, count: 1, into: buffer, at: FRAME_HEADER_BYTES };
    const sealed = await segment.readSealed(run);
    if (sealed === undefined) throw new Error('the block is gone');
    const sizeBytes = sealed.bytes.length;
    encodeFrameHeader({ index, firstBlock, sizeBytes }, buffer);
    yield FRAME_HEADER_BYTES + sizeBytes;
  }
}
