import { BLOCK_BYTES, SECOND_MS } from '@peer-cache/core';
import { ringDistance } from './ring.ts';
import { RUN_BLOCKS } from './runs.ts';
import type { OpenRun } from './runs.ts';
import type { Candidate, OwnershipView } from './view.ts';

/** Who has no run left waits a little: the next ones become eligible any moment. */
const STEAL_AFTER_MS = 0.2 * SECOND_MS;
/** Between idle peers: the one that stands nearest goes first. */
const STAGGER_MS = 0.25 * SECOND_MS;
/** What an owner will have brought by then is left to it. */
const LEAST_QUEUE_MS = 1 * SECOND_MS;
/** An owner that brought nothing yet has so long to begin. */
const BEGIN_MS = 2 * SECOND_MS;

interface Queue {
  readonly owner: Candidate;
  readonly runs: OpenRun[];
  leftBlocks: number;
}

/**
 * A run to take from the end of the order of the owner that is furthest behind, for who has none of
 * its own left. Undefined while it is better to wait.
 */
export function chooseSteal(
  ownership: OwnershipView,
  free: readonly OpenRun[],
  { nowMs, idleMs }: { readonly nowMs: number; readonly idleMs: number },
): OpenRun | undefined {
  if (idleMs < STEAL_AFTER_MS) return undefined;
  let furthest: Queue | undefined;
  let mostMs = LEAST_QUEUE_MS;
  for (const queue of queues(ownership, free)) {
    const queueMs = queueTimeMs(queue, nowMs);
    if (queueMs <= mostMs) continue;
    mostMs = queueMs;
    furthest = queue;
  }
  if (furthest === undefined) return undefined;
  const run = lastOf(furthest);
  return idleMs >= STEAL_AFTER_MS + ownership.idleBefore(run) * STAGGER_MS ? run : undefined;
}

function queues(ownership: OwnershipView, free: readonly OpenRun[]): Iterable<Queue> {
  const byOwner = new Map<string, Queue>();
  for (const run of free) {
    const owner = ownership.ownerOf(run);
    if (owner === undefined) continue;
    const known = byOwner.get(owner.peerId);
    const queue = known ?? { owner, runs: [], leftBlocks: 0 };
    queue.runs.push(run);
    queue.leftBlocks += run.leftBlocks;
    byOwner.set(owner.peerId, queue);
  }
  return byOwner.values();
}

/** How long the owner will take for what it has not begun and what it is at. */
function queueTimeMs({ owner: { neighbour }, leftBlocks }: Queue, nowMs: number): number {
  if (neighbour === undefined) return 0;
  const { bytesPerMs } = neighbour.rate;
  if (bytesPerMs === undefined) return nowMs - neighbour.metMs > BEGIN_MS ? Infinity : 0;
  const atWorkBytes = neighbour.claims().reduce((sum, { leftAtFirst, receivedBytes }) => {
    return sum + Math.max(0, (leftAtFirst ?? RUN_BLOCKS) * BLOCK_BYTES - receivedBytes);
  }, 0);
  return (leftBlocks * BLOCK_BYTES + atWorkBytes) / bytesPerMs;
}

/** The one that its owner comes to last. */
function lastOf({ owner, runs }: Queue): OpenRun {
  return runs.reduce((last, run) => {
    const isFarther = ringDistance(owner.place, run.place) > ringDistance(owner.place, last.place);
    return isFarther ? run : last;
  });
}
