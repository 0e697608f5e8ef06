import { affinityOf, RING_SIZE } from './ring.ts';

/** Enough that every run's owner is among those who know of each other, whoever comes and goes. */
export const NEAREST_EACH_SIDE = 4;
/** Neighbours of one content: more would only cost messages. */
export const MOST_NEIGHBOURS = 24;

export interface NeighbourLimits {
  /** 24 */
  readonly most?: number;
  /** 4 */
  readonly nearestEachSide?: number;
}

export interface RingPeer {
  readonly peerId: string;
  readonly place: number;
  /** Where it is; one of a kind where it is not given. */
  readonly site?: string;
}

/**
 * Whom of those that are known to keep as neighbours: the nearest on each side of the ring, so that
 * owners know each other, and some at random, so that what one has reaches all. Stable: a newcomer
 * changes at most one of them. One of each site before a second of any, so that a machine with many
 * names fills no more places than others leave.
 */
export function chooseNeighbours(
  selfPlace: number,
  known: readonly RingPeer[],
  { most = MOST_NEIGHBOURS, nearestEachSide = NEAREST_EACH_SIDE }: NeighbourLimits = {},
): ReadonlySet<string> {
  if (known.length <= most) return new Set(known.map(({ peerId }) => peerId));
  const { firsts, others } = bySite(known);
  const clockwise = firsts.toSorted((a, b) => wayTo(a) - wayTo(b));
  const nearest = [...clockwise.slice(0, nearestEachSide), ...clockwise.slice(-nearestEachSide)];
  const chosen = new Set(nearest.map(({ peerId }) => peerId));
  for (const peers of [firsts, others]) {
    const ordered = peers
      .filter(({ peerId }) => !chosen.has(peerId))
      .map((peer) => ({ peer, affinity: affinityOf(selfPlace, peer.place) }))
      .toSorted((a, b) => a.affinity - b.affinity);
    for (const { peer } of ordered.slice(0, Math.max(0, most - chosen.size)))
      chosen.add(peer.peerId);
  }
  return chosen;

  function wayTo({ place }: RingPeer): number {
    return (place - selfPlace + RING_SIZE) % RING_SIZE;
  }
}

/** The one of each site that has the lowest ID, which is who may own runs, and the others. */
function bySite(known: readonly RingPeer[]): {
  readonly firsts: readonly RingPeer[];
  readonly others: readonly RingPeer[];
} {
  const firstOf = new Map<string, RingPeer>();
  for (const peer of known) {
    const site = peer.site ?? peer.peerId;
    const first = firstOf.get(site);
    if (first === undefined || peer.peerId < first.peerId) firstOf.set(site, peer);
  }
  const firsts = [...firstOf.values()];
  const isFirst = new Set(firsts);
  return { firsts, others: known.filter((peer) => !isFirst.has(peer)) };
}
