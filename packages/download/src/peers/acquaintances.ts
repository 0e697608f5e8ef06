import { chooseNeighbours, MOST_NEIGHBOURS, placeOfPeer } from '@peer-cache/ownership';
import type { Peer } from './peer-pool.ts';

/** Peers of one content that are remembered; more are passed over. */
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

  /** Notes a peer; false if it is known, or there is no room. */
  add(peer: Peer, toldId?: string): boolean {
    if (this.#known.has(peer) || this.#known.size >= MOST_KNOWN) return false;
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
    const ringPeers = Array.from(byId.keys(), (peerId) => {
      return { peerId, place: placeOfPeer(peerId, this.#contentId) };
    });
    const neighbours = [...chooseNeighbours(this.#place, ringPeers)];
    const room = Math.max(MOST_NAMELESS, MOST_NEIGHBOURS - neighbours.length);
    return new Set([
      ...neighbours.flatMap((peerId) => byId.get(peerId) ?? []),
      ...nameless.slice(0, room),
    ]);
  }
}
