import { setTimeout as sleep } from 'node:timers/promises';
import {
  decodeStateRequest,
  encodeStateResponse,
  MESSAGE_TYPE,
  STATE_PATH,
} from '@peer-cache/protocol';
import type { SegmentState, StateQuestion, StateRequest } from '@peer-cache/protocol';
import type { FastifyInstance } from 'fastify';
import { bodyOf } from './message-body.ts';
import type { ChangeWatch } from './change-watch.ts';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import type { ProofCheck } from './proof-check.ts';
import { segmentNameOf } from './proven-segments.ts';

export interface StateParts {
  readonly connections: Connections;
  readonly proofs: ProofCheck;
  readonly changes: ChangeWatch;
  readonly now: () => number;
}

/** A question with its place in the request, which is how the answer names it. */
interface NumberedQuestion extends StateQuestion {
  readonly index: number;
  readonly segmentName: string;
}

/** Tells which blocks are here, at once or when that changed: a long poll (design, section 6). */
export function addStateRoute(app: FastifyInstance, parts: StateParts): void {
  app.post(STATE_PATH, async (request, reply) => {
    const connection = parts.connections.demand(request.raw.socket);
    parts.proofs.demandAllowance(connection);
    const segments = await statesOnceChanged(
      connection,
      decodeStateRequest(bodyOf(request)),
      parts,
    );
    return reply.type(MESSAGE_TYPE).send(encodeStateResponse({ segments }));
  });
}

/**
 * Waits as long for segments that aren't here, or weren't proved, as for those in which nothing
 * changes. What changes within `stateIntervalMs` goes into one answer.
 */
async function statesOnceChanged(
  connection: Connection,
  { waitMs, segments }: StateRequest,
  { proofs, changes, now }: StateParts,
): Promise<readonly SegmentState[]> {
  const questions = segments.map((question, index) => {
    return { ...question, index, segmentName: segmentNameOf(question.segmentId) };
  });
  const signal = connection.ending;
  const deadlineMs = now() + waitMs;
  using waiter = changes.watch(questions.map(({ segmentName }) => segmentName));
  let due: readonly NumberedQuestion[] = questions;
  for (;;) {
    const nowMs = now();
    const delayMs = connection.stateDelayMs(nowMs);
    if (delayMs > 0 && !signal.aborted) {
      await sleep(Math.ceil(delayMs), undefined, { ref: false });
      continue;
    }
    const states = due.flatMap((question) => stateOf(connection, question, proofs) ?? []);
    if (states.length > 0 || nowMs >= deadlineMs || signal.aborted) {
      connection.stateAnswered(nowMs);
      return states;
    }
    const changed = await waiter.next(deadlineMs - nowMs, { signal });
    due = questions.filter(({ segmentName }) => changed.has(segmentName));
  }
}

function stateOf(
  connection: Connection,
  question: NumberedQuestion,
  proofs: ProofCheck,
): SegmentState | undefined {
  using segment = proofs.open(connection, question);
  const proof = connection.proven.answerOf(question.segmentName);
  if (segment === undefined || proof === undefined) return undefined;
  if (segment.version === question.knownVersion) return undefined;
  return {
    index: question.index,
    proof,
    version: segment.version,
    hasBlockHashList: segment.blockHashList !== undefined,
    blocks: segment.blocks.toBytes(),
  };
}
