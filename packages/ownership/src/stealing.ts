import { BLOCK_BYTES, SECOND_MS } from '@peer-cache/core';
import { ringDistance } from './ring.ts';
import { RUN_BLOCKS } from './runs.ts';
import type { OpenRun } from './runs.ts';
import { isSilent } from './takeover.ts';
import type { Times } from './takeover.ts';
import type { Candidate, OwnershipView } from './view.ts';

/** A run that was free for less than this is about to be claimed by its owner. */
const STEAL_AFTER_MS = 0.2 * SECOND_MS;
/**
 * Between idle peers: the one that stands nearest goes first. The next one must have seen its claim
 * or, where it does not know it, a block that it brought.
 */
const STAGGER_MS = 0.25 * SECOND_MS;
const STAGGER_RUNS = 0.25;
/** Who stands too far away to know the owner steals only what nobody at all seems to fetch. */
const FAR_AFTER_MS = 10 * SECOND_MS;
const FAR_AFTER_RUNS = 4;
/** What an owner will have brought by then is left to it. */
const LEAST_QUEUE_MS = 1 * SECOND_MS;
const LEAST_QUEUE_RUNS = 2;
/** An owner that has nothing else to do has so long to begin. */
const BEGIN_MS = 2 * SECOND_MS;
/** One that brought nothing yet may fetch so many at a time. */
const USUAL_FLIGHTS = 2;

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
  times: Times & { readonly idleMs: number; readonly patience: number },
): OpenRun | undefined {
  const { patience } = times;
  const staggerMs = patience * Math.max(STAGGER_MS, STAGGER_RUNS * times.typicalMs);
  let chosen: OpenRun | undefined;
  let mostMs = patience * Math.max(LEAST_QUEUE_MS, LEAST_QUEUE_RUNS * times.typicalMs);
  for (const queue of queues(ownership, free)) {
    const run = nearestOfLast(ownership.place, queue);
    const turnMs = ownership.idleBefore(run) * staggerMs;
    const waitedMs = ownership.freeMs(run.number, times.nowMs) - turnMs;
    const farMs = ownership.isNear(run) ? 0 : FAR_AFTER_MS + FAR_AFTER_RUNS * times.typicalMs;
    if (waitedMs < patience * STEAL_AFTER_MS + farMs || times.idleMs < turnMs) continue;
    const queueMs = queueTimeMs(queue, { ...times, turnMs, waitedMs });
    if (queueMs <= mostMs) continue;
    mostMs = queueMs;
    chosen = run;
  }
  return chosen;
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

interface Turn extends Times {
  readonly turnMs: number;
  readonly waitedMs: number;
}

/** How long the owner will take for what it has not begun and what it is at. */
function queueTimeMs({ owner: { neighbour }, leftBlocks }: Queue, times: Turn): number {
  if (neighbour === undefined) return 0;
  const claims = neighbour.claims();
  if (claims.length === 0) {
    const idleMs = neighbour.idleMs(times.nowMs) - times.turnMs;
    return Math.min(times.waitedMs, idleMs) > BEGIN_MS ? Infinity : 0;
  }
  if (claims.every((claim) => isSilent(claim, times.typicalMs))) return Infinity;
  const usual = (USUAL_FLIGHTS * RUN_BLOCKS * BLOCK_BYTES) / times.typicalMs;
  const atWorkBytes = claims.reduce((sum, { leftAtFirst, receivedBytes }) => {
    return sum + Math.max(0, (leftAtFirst ?? RUN_BLOCKS) * BLOCK_BYTES - receivedBytes);
  }, 0);
  return (leftBlocks * BLOCK_BYTES + atWorkBytes) / (neighbour.rate.bytesPerMs ?? usual);
}

/**
 * Of the half that its owner comes to last, the one that is nearest to the thief: another takes
 * another.
 */
function nearestOfLast(place: number, { owner, runs }: Queue): OpenRun {
  const ownersOrder = runs.toSorted((a, b) => wayOf(owner.place, a) - wayOf(owner.place, b));
  const last = ownersOrder.slice(runs.length >> 1);
  return last.reduce((best, run) => (wayOf(place, run) < wayOf(place, best) ? run : best));
}

function wayOf(place: number, run: OpenRun): number {
  return ringDistance(place, run.place);
}
