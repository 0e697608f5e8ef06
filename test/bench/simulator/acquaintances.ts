import { chooseNeighbours } from '@peer-cache/ownership';
import { Link } from './link.ts';
import type { SimulatedPeer } from './simulated-peer.ts';

/** Named in one answer about state. */
const MOST_TOLD = 32;
/** A connection that is not answered. */
const CONNECT_TIMEOUT_MS = 2000;
/** Where there are many, newcomers are looked at together. */
const CHOOSE_EVERY_MS = 50;

/** The peers that a peer knows of, and those of them that it keeps up with. */
export class Acquaintances {
  readonly links: Map<SimulatedPeer, Link> = new Map();
  readonly #peer: SimulatedPeer;
  readonly #known = new Set<SimulatedPeer>();
  readonly #gone = new Set<SimulatedPeer>();
  #willChoose = false;

  constructor(peer: SimulatedPeer) {
    this.#peer = peer;
  }

  /** Another is there: it answered a lookup, or called, or somebody told of it. */
  learn(other: SimulatedPeer): void {
    const { settings } = this.#peer.branch;
    if (other === this.#peer || this.#known.has(other) || this.#gone.has(other)) return;
    this.#known.add(other);
    if (this.#known.size > settings.acquaintances) this.#forgetOne();
    this.#chooseSoon();
  }

  /** It is there again, or can be reached again. */
  forgive(): void {
    this.#gone.clear();
  }

  told(): SimulatedPeer[] {
    return [...this.links]
      .flatMap(([peer, { hasAnswered }]) => (hasAnswered ? peer : []))
      .slice(0, MOST_TOLD);
  }

  changed(): void {
    this.#peer.telling.acquainted();
  }

  /** It answers no more. */
  lose(other: SimulatedPeer): void {
    this.#known.delete(other);
    this.#gone.add(other);
    if (this.#drop(other)) {
      this.#forgetTold();
      this.#chooseSoon();
    }
  }

  /** The longest known of those that are not kept up with. */
  #forgetOne(): void {
    for (const other of this.#known) {
      if (this.links.has(other)) continue;
      this.#known.delete(other);
      return;
    }
  }

  #chooseSoon(): void {
    if (this.#willChoose) return;
    this.#willChoose = true;
    const { time, settings } = this.#peer.branch;
    time.after(this.#known.size > settings.neighbours ? CHOOSE_EVERY_MS : 0, () => {
      this.#willChoose = false;
      if (this.#peer.isPresent) this.#choose();
    });
  }

  #choose(): void {
    const { ownership, branch } = this.#peer;
    const ringPeers = Array.from(this.#known, ({ peerId, site, ownership: { place } }) => ({
      peerId,
      site,
      place,
    }));
    const chosen = chooseNeighbours(ownership.place, ringPeers, {
      most: branch.settings.neighbours,
    });
    const dropped = [...this.links.keys()].filter(({ peerId }) => !chosen.has(peerId));
    for (const other of dropped) this.#drop(other);
    if (dropped.length > 0) this.#forgetTold();
    for (const other of this.#known) {
      if (chosen.has(other.peerId) && !this.links.has(other)) this.#connect(other);
    }
  }

  #connect(other: SimulatedPeer): void {
    const { branch } = this.#peer;
    const link = new Link(this.#peer, other);
    this.links.set(other, link);
    branch.time.after(branch.settings.connectMs, () => {
      if (this.links.get(other) !== link || !this.#peer.isPresent) return;
      if (!other.isPresent || !branch.reaches(this.#peer, other)) {
        branch.time.after(
          CONNECT_TIMEOUT_MS,
          () => this.links.get(other) === link && this.lose(other),
        );
        return;
      }
      other.acquaintances.learn(this.#peer);
      link.begin(other.telling.everything());
    });
  }

  #drop(other: SimulatedPeer): boolean {
    const link = this.links.get(other);
    if (link === undefined) return false;
    this.links.delete(other);
    link.end();
    return true;
  }

  #forgetTold(): void {
    this.#peer.blocks.knowOnly(Array.from(this.links.values(), ({ told }) => told));
    this.changed();
    this.#peer.originWork.look();
  }
}
