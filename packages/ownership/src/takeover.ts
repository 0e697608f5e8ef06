import { BLOCK_BYTES, SECOND_MS } from '@peer-cache/core';
import type { SeenClaim } from './neighbour.ts';
import { WINDOW_RUNS } from './runs.ts';
import type { OpenRun } from './runs.ts';
import type { OwnershipView } from './view.ts';

/** A claim without a byte for so long is overdue, where runs usually take less than that. */
const LEAST_SILENCE_MS = 1.5 * SECOND_MS;
export const SLOW_AFTER_MS: number = 3 * SECOND_MS;
const SLOW_MARGIN_MS = 2 * SECOND_MS;
/** Slow is what will take several times as long as runs usually do. */
const SLOW_RUNS = 3;
/** The fewer runs are left, the sooner: all wait for the last of them, and the line is idle. */
const LEAST_SLOW_MS = 1.5 * SECOND_MS;
/** Between the idle peers that could take over: the one that stands nearest goes first. */
const STAGGER_MS = 0.5 * SECOND_MS;
const STAGGER_RUNS = 0.25;

/** What counts as long these days. */
export interface Times {
  readonly nowMs: number;
  readonly typicalMs: number;
}

interface Patience extends Times {
  readonly slowMs: number;
}

/** Whether nothing came under a claim, as its maker tells, for longer than a run usually takes. */
export function isSilent({ progressMs, heardMs }: SeenClaim, typicalMs: number): boolean {
  return heardMs - progressMs > Math.max(LEAST_SILENCE_MS, typicalMs);
}

/** What it takes to be slow, where runs usually take so long. */
export function usuallySlowMs(typicalMs: number): number {
  return SLOW_RUNS * typicalMs + SLOW_MARGIN_MS;
}

/**
 * Whether a claim brings so little that its run would take several times what runs usually do: by
 * what its maker says, which an honest one that is slow does, or by the blocks that are on offer.
 */
export function isSlow(claim: SeenClaim, leftBlocks: number, { nowMs, slowMs }: Patience): boolean {
  const isTooLong = (ageMs: number, broughtBlocks: number): boolean => {
    if (ageMs < SLOW_AFTER_MS) return false;
    const leftMs = broughtBlocks <= 0 ? Infinity : (leftBlocks * ageMs) / broughtBlocks;
    return leftMs > slowMs;
  };
  const { sinceMs, receivedBytes, lookedAtMs = nowMs, leftAtFirst = leftBlocks } = claim;
  return (
    isTooLong(nowMs - sinceMs, receivedBytes / BLOCK_BYTES) ||
    isTooLong(nowMs - lookedAtMs, leftAtFirst - leftBlocks)
  );
}

/** A run to take over from a neighbour that does not bring it; for who has nothing else to do. */
export function chooseTakeover(
  ownership: OwnershipView,
  eligible: readonly OpenRun[],
  times: Times,
): OpenRun | undefined {
  const staggerMs = Math.max(STAGGER_MS, STAGGER_RUNS * times.typicalMs);
  const slowMs = usuallySlowMs(times.typicalMs);
  const share = eligible.length / WINDOW_RUNS;
  const patience = { ...times, slowMs: Math.max(LEAST_SLOW_MS, share * slowMs) };
  return eligible.find((run) => {
    if (ownership.hasClaim(run.number)) return false;
    const claims = ownership.claimsOn(run.number);
    // Each is looked at, since each notes when it was.
    const overdueMs = claims.map((claim) => overdueTimeMs(claim, run.leftBlocks, patience));
    if (claims.length === 0 || overdueMs.includes(undefined)) return false;
    const leastMs = Math.min(...overdueMs.map((ms) => ms ?? 0));
    return leastMs >= ownership.idleBefore(run) * staggerMs;
  });
}

/** For how long a claim has been overdue; undefined for one that is not. */
function overdueTimeMs(claim: SeenClaim, leftBlocks: number, times: Patience): number | undefined {
  if (!isSilent(claim, times.typicalMs) && !isSlow(claim, leftBlocks, times)) {
    claim.overdueSinceMs = undefined;
    return undefined;
  }
  // Somebody brings it: the claimer after all, or one who is not seen and took it over.
  const isGrowing = leftBlocks < (claim.leftLately ?? 0);
  claim.leftLately = leftBlocks;
  if (claim.overdueSinceMs === undefined || isGrowing) claim.overdueSinceMs = times.nowMs;
  return times.nowMs - claim.overdueSinceMs;
}
