import type { Board } from '@peer-cache/ownership';
import { BLOCKS_PATH, BLOCKS_TYPE, decodeBlocksRequest } from '@peer-cache/protocol';
import type { StoredSegment } from '@peer-cache/store';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AnswerBuffer, AnswerBuffers } from './answer-buffers.ts';
import { answerBytes, planAnswer } from './answer-plan.ts';
import type { PlannedFrame } from './answer-plan.ts';
import type { ChangeWatch } from './change-watch.ts';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import type { Counters } from './counters.ts';
import { fillAnswer } from './fill-answer.ts';
import type { FilledAnswer } from './fill-answer.ts';
import { bodyOf } from './message-body.ts';
import type { ProofCheck } from './proof-check.ts';
import { planComing, sendComing } from './send-coming.ts';
import { sendPaced } from './send-paced.ts';
import type { PacedAnswer, PacedAnswers } from './serving-pace.ts';

export interface BlocksParts {
  readonly board: Board;
  readonly changes: ChangeWatch;
  readonly now: () => number;
  readonly connections: Connections;
  readonly proofs: ProofCheck;
  readonly buffers: AnswerBuffers;
  readonly counters: Counters;
  readonly paced: PacedAnswers;
}

const NOTHING = Buffer.alloc(0);

/** Gives sealed blocks and block hash lists as they lie in the store, or as they come to it. */
export function addBlocksRoute(app: FastifyInstance, parts: BlocksParts): void {
  app.post(BLOCKS_PATH, async (request, reply) => {
    const connection = parts.connections.demand(request.raw.socket);
    parts.proofs.demandAllowance(connection);
    // Open until the answer is filled and no longer: a slow reader keeps nothing from eviction.
    using handles = new DisposableStack();
    const { waitMs, segments } = decodeBlocksRequest(bodyOf(request));
    const wishes = segments.flatMap((question, index) => {
      const segment = handles.use(parts.proofs.open(connection, question));
      return segment === undefined ? [] : { ...question, index, segment };
    });
    const coming = waitMs > 0 ? planComing(wishes, parts.board) : undefined;
    if (coming !== undefined) {
      using answer = parts.paced.begin(connection);
      return await sendComing(reply, connection, { ...coming, waitMs, answer }, parts);
    }
    const frames = planAnswer(wishes);
    if (frames.length === 0) return reply.type(BLOCKS_TYPE).send(NOTHING);
    using answer = parts.paced.begin(connection);
    return await sendFrames(reply, { connection, answer, handles }, frames, parts);
  });
}

interface Sending {
  readonly connection: Connection;
  readonly answer: PacedAnswer | undefined;
  /** What keeps the segments open. */
  readonly handles: DisposableStack;
}

async function sendFrames(
  reply: FastifyReply,
  { connection, answer, handles }: Sending,
  frames: readonly PlannedFrame<StoredSegment>[],
  { buffers, counters }: BlocksParts,
): Promise<FastifyReply> {
  const buffer = buffers.take(answerBytes(frames), connection.host);
  const { sizeBytes, contentBytes } = await filled(frames, buffer);
  const bytes = buffer.bytes.subarray(0, sizeBytes);
  if (connection.isClosed) {
    buffer.release();
    return reply.hijack();
  }
  // The answer is with the system then, or its socket is gone.
  reply.raw.once('close', buffer.release);
  reply.raw.once('finish', () => counters.blocksServed(connection, contentBytes));
  if (answer === undefined) return reply.type(BLOCKS_TYPE).send(bytes);
  // A limit may make it last: the segments may be evicted meanwhile, their bytes are here.
  handles.dispose();
  await sendPaced(reply, bytes, { connection, answer });
  return reply;
}

async function filled(
  frames: readonly PlannedFrame<StoredSegment>[],
  buffer: AnswerBuffer,
): Promise<FilledAnswer> {
  try {
    return await fillAnswer(frames, buffer.bytes);
  } catch (error) {
    buffer.release();
    throw error;
  }
}
