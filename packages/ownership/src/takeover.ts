import { SECOND_MS } from '@peer-cache/core';
import type { SeenClaim } from './neighbour.ts';
import type { OpenRun } from './runs.ts';
import type { OwnershipView } from './view.ts';

/** A claim without a byte for so long is overdue, where runs usually take less than that. */
const LEAST_SILENCE_MS = 1.5 * SECOND_MS;
const SLOW_AFTER_MS = 3 * SECOND_MS;
const SLOW_MARGIN_MS = 2 * SECOND_MS;
/** Between the idle peers that could take over: the one that stands nearest goes first. */
const STAGGER_MS = 0.5 * SECOND_MS;

interface Times {
  readonly nowMs: number;
  readonly typicalMs: number;
}

/** Whether nothing came under a claim, as its maker tells, for longer than a run usually takes. */
export function isSilent({ progressMs, heardMs }: SeenClaim, typicalMs: number): boolean {
  return heardMs - progressMs > Math.max(LEAST_SILENCE_MS, typicalMs);
}

/**
 * Whether a claim brings so little that its run would take several times what runs usually do. By
 * the blocks that are on offer, not by what the claimer says that it received.
 */
function isSlow(claim: SeenClaim, leftBlocks: number, { nowMs, typicalMs }: Times): boolean {
  const ageMs = nowMs - claim.sinceMs;
  if (ageMs < SLOW_AFTER_MS || claim.leftAtFirst === undefined) return false;
  const broughtBlocks = claim.leftAtFirst - leftBlocks;
  const leftMs = broughtBlocks <= 0 ? Infinity : (leftBlocks * ageMs) / broughtBlocks;
  return leftMs > 3 * typicalMs + SLOW_MARGIN_MS;
}

/** A run to take over from a neighbour that does not bring it; for who has nothing else to do. */
export function chooseTakeover(
  ownership: OwnershipView,
  eligible: readonly OpenRun[],
  nowMs: number,
): OpenRun | undefined {
  const times = { nowMs, typicalMs: ownership.typical.ms };
  return eligible.find((run) => {
    if (ownership.hasClaim(run.number)) return false;
    const claim = ownership.claimOn(run.number);
    if (claim === undefined) return false;
    const isOverdue = isSilent(claim, times.typicalMs) || isSlow(claim, run.leftBlocks, times);
    claim.overdueSinceMs = isOverdue ? (claim.overdueSinceMs ?? nowMs) : undefined;
    if (claim.overdueSinceMs === undefined) return false;
    return nowMs - claim.overdueSinceMs >= ownership.idleBefore(run) * STAGGER_MS;
  });
}
