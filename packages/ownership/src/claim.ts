import type { Claim, ClaimKind, Standing } from '@peer-cache/protocol';
import { ringDistance } from './ring.ts';

export type { Claim, ClaimKind, Standing };

const RANK: Readonly<Record<Standing, number>> = {
  none: 0,
  waiting: 1,
  background: 2,
  foreground: 3,
};

/** Greater is more urgent. */
export function rankOf(standing: Standing): number {
  return RANK[standing];
}

/** Who claims a run, as far as it matters when two do. */
export interface Claimant {
  readonly peerId: string;
  readonly place: number;
  readonly kind: ClaimKind;
  readonly standing: Standing;
}

/**
 * Which of two claims on a run stands, the same whoever asks: what was taken over from somebody who
 * did not bring it, then the more urgent, then whoever stands nearer to the run.
 */
export function standsBefore(one: Claimant, other: Claimant, runPlace: number): boolean {
  const isTakeover = (claimant: Claimant): number => (claimant.kind === 'takeover' ? 1 : 0);
  const byKind = isTakeover(one) - isTakeover(other);
  if (byKind !== 0) return byKind > 0;
  const byRank = rankOf(one.standing) - rankOf(other.standing);
  if (byRank !== 0) return byRank > 0;
  const byPlace = ringDistance(one.place, runPlace) - ringDistance(other.place, runPlace);
  if (byPlace !== 0) return byPlace < 0;
  return one.peerId < other.peerId;
}

/** The same, but 0 for whoever may own nothing. */
export function ownerRank(standing: Standing): number {
  const rank = RANK[standing];
  return rank >= RANK.background ? rank : 0;
}
