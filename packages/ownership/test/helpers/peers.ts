import { hash } from '@peer-cache/core';
import type { ClaimKind, Standing } from '../../src/claim.ts';
import type { Neighbour } from '../../src/neighbour.ts';
import { Ownership } from '../../src/ownership.ts';

export const CONTENT_ID = 'content';

export function peerIdOf(index: number): string {
  return Buffer.from(hash(Buffer.from(`peer ${index}`)))
    .subarray(0, 16)
    .toString('hex');
}

/** A peer, on a machine of its own where nothing else is said. */
export function ownershipOf(index: number, site = `host ${index}`): Ownership {
  return new Ownership({ peerId: peerIdOf(index), contentId: CONTENT_ID, site });
}

/** Peers that all know each other and what each claims. */
export class Peers {
  nowMs = 0;
  readonly #first: readonly Ownership[];
  readonly #gone = new Set<Ownership>();

  constructor(count: number, siteOf: (index: number) => string = (index) => `host ${index}`) {
    this.#first = Array.from({ length: count }, (_, index) => ownershipOf(index, siteOf(index)));
    this.tellAll();
  }

  /** Those that are there. */
  get all(): readonly Ownership[] {
    return this.#first.filter((peer) => !this.#gone.has(peer));
  }

  at(index: number): Ownership {
    const peer = this.#first[index];
    if (peer === undefined) throw new RangeError(`no peer ${index}`);
    return peer;
  }

  /** One of them, as another sees it. */
  seenBy(viewer: Ownership, peer: Ownership): Neighbour {
    return viewer.meet(peer.peerId, peer.site, this.nowMs);
  }

  /** Everybody hears of everybody, of these segments. */
  tellAll(segmentIndices: readonly number[] = [0]): void {
    for (const peer of this.all) {
      for (const segmentIndex of segmentIndices) this.tell(peer, segmentIndex);
    }
  }

  /** All others lose one. */
  leave(peer: Ownership): void {
    this.#gone.add(peer);
    for (const other of this.all) other.lose(this.seenBy(other, peer));
  }

  /** All others hear of one. */
  tell(peer: Ownership, segmentIndex = 0, standing: Standing = peer.standing): void {
    const told = { standing, claims: peer.claimsOf(segmentIndex) };
    for (const other of this.all) {
      if (other === peer) continue;
      const neighbour = this.seenBy(other, peer);
      other.tell(neighbour, segmentIndex, told, this.nowMs);
      neighbour.heard(this.nowMs);
    }
  }

  /** One claims a run, and all others hear of it. */
  claim(peer: Ownership, runNumber: number, kind: ClaimKind = 'own'): void {
    peer.claim(runNumber, kind, this.nowMs);
    this.tell(peer);
  }
}
