import { affinityOf, RING_SIZE } from './ring.ts';

/** Enough that every run's owner is among those who know of each other, whoever comes and goes. */
const NEAREST_EACH_SIDE = 4;
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
}

/**
 * Whom of those that are known to keep as neighbours: the nearest on each side of the ring, so that
 * owners know each other, and some at random, so that what one has reaches all. Stable: a newcomer
 * changes at most one of them.
 */
export function chooseNeighbours(
  selfPlace: number,
  known: readonly RingPeer[],
  { most = MOST_NEIGHBOURS, nearestEachSide = NEAREST_EACH_SIDE }: NeighbourLimits = {},
): ReadonlySet<string> {
  if (known.length <= most) return new Set(known.map(({ peerId }) => peerId));
  const clockwise = known.toSorted((a, b) => wayTo(a) - wayTo(b));
  const nearest = [...clockwise.slice(0, nearestEachSide), ...clockwise.slice(-nearestEachSide)];
  const chosen = new Set(nearest.map(({ peerId }) => peerId));
  const others = known
    .filter(({ peerId }) => !chosen.has(peerId))
    .map((peer) => ({ peer, affinity: affinityOf(selfPlace, peer.place) }))
    .toSorted((a, b) => a.affinity - b.affinity);
  for (const { peer } of others.slice(0, most - chosen.size)) chosen.add(peer.peerId);
  return chosen;

  function wayTo({ place }: RingPeer): number {
    return (place - selfPlace + RING_SIZE) % RING_SIZE;
  }
}
