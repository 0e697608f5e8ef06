import { chooseNeighbours, MOST_NEIGHBOURS, placeOfPeer } from '@peer-cache/ownership';
import type { Peer } from './peer-pool.ts';
import { siteOf } from './site.ts';

/** Peers of one content that are remembered; a newcomer takes the place of one that nobody needs. */
const MOST_KNOWN = 128;
/** Peers of whom it is not known who they are, asked at a time beside the neighbours. */
const MOST_NAMELESS = 8;

interface Acquaintance {
  readonly peer: Peer;
  /** What another told, until the peer itself says who it is. */
  readonly toldId: string | undefined;
}

/** Which of the peers that have to do with a content to keep up with: all, in a small branch. */
export class Acquaintances {
  readonly #contentId: string;
  readonly #place: number;
  readonly #known = new Map<Peer, Acquaintance>();

  constructor(self: { readonly contentId: string; readonly place: number }) {
    this.#contentId = self.contentId;
    this.#place = self.place;
  }

  /**
   * Notes a peer; false if it is known already. Where there is no room the one goes that was noted
   * longest ago and is not kept up with: passed over, a newcomer that stands next on the ring would
   * stay unknown, and its runs be fetched twice.
   */
  add(peer: Peer, toldId?: string, isKept: (each: Peer) => boolean = keepsNone): boolean {
    if (this.#known.has(peer)) return false;
    if (this.#known.size >= MOST_KNOWN) {
      const spare = [...this.#known.keys()].find((each) => !isKept(each));
      if (spare === undefined) return false;
      this.#known.delete(spare);
    }
    this.#known.set(peer, { peer, toldId });
    return true;
  }

  remove(peer: Peer): void {
    this.#known.delete(peer);
  }

  /** Whom to keep up with now. */
  chosen(): ReadonlySet<Peer> {
    const byId = new Map<string, Peer>();
    const nameless: Peer[] = [];
    for (const { peer, toldId } of this.#known.values()) {
      const peerId = peer.peerId ?? toldId;
      if (peerId === undefined) nameless.push(peer);
      else if (!byId.has(peerId) || peer.peerId !== undefined) byId.set(peerId, peer);
    }
    const ringPeers = Array.from(byId, ([peerId, { address }]) => {
      return { peerId, place: placeOfPeer(peerId, this.#contentId), site: siteOf(address) };
    });
    const neighbours = [...chooseNeighbours(this.#place, ringPeers)];
    const room = Math.max(MOST_NAMELESS, MOST_NEIGHBOURS - neighbours.length);
    return new Set([
      ...neighbours.flatMap((peerId) => byId.get(peerId) ?? []),
      ...oneOfEachSiteFirst(nameless).slice(0, room),
    ]);
  }
}

/**
 * The first of each site, then the second of each: a machine that announces many ports where nobody
 * answers must not keep others from being asked who they are.
 */
function oneOfEachSiteFirst(peers: readonly Peer[]): Peer[] {
  const before = new Map<string, number>();
  const turns = peers.map((peer) => {
    const site = siteOf(peer.address);
    const turn = before.get(site) ?? 0;
    before.set(site, turn + 1);
    return { peer, turn };
  });
  return turns.toSorted((a, b) => a.turn - b.turn).map(({ peer }) => peer);
}

function keepsNone(): boolean {
  return false;
}
