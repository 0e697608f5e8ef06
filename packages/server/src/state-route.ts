import { setTimeout as sleep } from 'node:timers/promises';
import type { Board } from '@peer-cache/ownership';
import {
  decodeStateRequest,
  encodeStateResponse,
  MESSAGE_TYPE,
  MOST_PEERS_TOLD,
  STATE_PATH,
} from '@peer-cache/protocol';
import type { SegmentState, StateQuestion, StateRequest, ToldPeer } from '@peer-cache/protocol';
import type { BlockStore } from '@peer-cache/store';
import type { FastifyInstance } from 'fastify';
import type { ChangeWatch } from './change-watch.ts';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import { bodyOf } from './message-body.ts';
import type { ProofCheck } from './proof-check.ts';
import { segmentNameOf } from './proven-segments.ts';

export interface StateParts {
  readonly connections: Connections;
  readonly proofs: ProofCheck;
  readonly store: BlockStore;
  readonly board: Board;
  readonly changes: ChangeWatch;
  readonly now: () => number;
}

/** What need not be known at once is told with whatever comes first, or so long after the last. */
const UNHURRIED_MS = 300;
/** So many can be told of each change in time; with more, all wait longer. */
const UNCROWDED = 8;
const NO_BLOCKS = new Uint8Array();

/** A question with its place in the request, which is how the answer names it. */
interface NumberedQuestion extends StateQuestion {
  readonly index: number;
  readonly segmentName: string;
}

/**
 * Tells which blocks are here and what is being fetched, at once or when that changed: a long poll
 * (design, section 6).
 */
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
 * changes. What changes within `stateIntervalMs` goes into one answer, and what is no hurry waits
 * for the next that is due.
 */
async function statesOnceChanged(
  connection: Connection,
  { waitMs, segments }: StateRequest,
  parts: StateParts,
): Promise<readonly SegmentState[]> {
  const { changes, now } = parts;
  const questions = segments.map((question, index) => {
    return { ...question, index, segmentName: segmentNameOf(question.segmentId) };
  });
  const signal = connection.ending;
  const deadlineMs = now() + waitMs;
  using waiter = changes.watch(questions.map(({ segmentName }) => segmentName));
  for (;;) {
    const nowMs = now();
    const delayMs = connection.stateDelayMs(nowMs, changes.waiterCount);
    if (delayMs > 0 && !signal.aborted) {
      await sleep(Math.ceil(delayMs), undefined, { ref: false });
      continue;
    }
    const { stateAnsweredMs } = connection;
    const crowd = Math.max(1, changes.waiterCount / UNCROWDED);
    const unhurriedMs = stateAnsweredMs + UNHURRIED_MS * crowd - nowMs;
    const isOver = nowMs >= deadlineMs || signal.aborted;
    const due = questions.filter(({ knownVersion, segmentName }) => {
      const isNew = knownVersion === 0;
      return (
        isNew || unhurriedMs <= 0 || isOver || changes.isUrgentSince(segmentName, stateAnsweredMs)
      );
    });
    const states = due.flatMap((question) => stateOf(connection, question, parts) ?? []);
    if (states.length > 0 || isOver) {
      connection.stateAnswered(nowMs);
      return states;
    }
    const leftMs = deadlineMs - nowMs;
    if (unhurriedMs <= 0) await waiter.next(leftMs, { signal });
    else await waiter.next(Math.min(leftMs, unhurriedMs), { signal, isEager: false });
  }
}

function stateOf(
  connection: Connection,
  question: NumberedQuestion,
  { proofs, store, board }: StateParts,
): SegmentState | undefined {
  const { segmentId, segmentName, index, knownVersion } = question;
  const isProven = proofs.isProven(connection, question);
  const proof = connection.proven.answerOf(segmentName);
  if (!isProven || proof === undefined) return undefined;
  using stored = store.find(segmentId);
  const posted = board.find(segmentName);
  if (stored === undefined && posted === undefined) return undefined;
  const version = (stored?.version ?? 0) + board.versionOf(segmentName);
  if (version === knownVersion) return undefined;
  return {
    index,
    proof,
    version,
    hasBlockHashList: stored?.blockHashList !== undefined,
    blocks: stored?.blocks.toBytes() ?? NO_BLOCKS,
    standing: posted?.standing ?? 'none',
    claims: posted?.claims ?? [],
    peers: introduced(connection, board, segmentName),
  };
}

/** Makes the caller known to whoever works on the segment here, and gives whom those know. */
function introduced(connection: Connection, board: Board, segmentName: string): ToldPeer[] {
  const { remoteHost: host, servePort: port } = connection;
  const told: ToldPeer[] = [];
  for (const posting of board.postings(segmentName)) {
    if (port !== 0) posting.called({ host, port });
    told.push(...connection.newPeersOf(posting));
  }
  return told.slice(0, MOST_PEERS_TOLD);
}
