import { ownerRank } from './claim.ts';
import type { Claimant, Standing } from './claim.ts';
import { Lapses } from './lapses.ts';
import { MOST_NEIGHBOURS, NEAREST_EACH_SIDE } from './neighbour-choice.ts';
import type { Neighbour, SeenClaim } from './neighbour.ts';
import { ringDistance, ringWay } from './ring.ts';
import { RUNS_PER_SEGMENT, segmentOf } from './runs.ts';
import type { OpenRun } from './runs.ts';
import type { Times } from './takeover.ts';
import type { Candidate } from './view.ts';

const NO_CLAIMS: readonly SeenClaim[] = [];

/** The peer that looks. */
export interface Self {
  readonly peerId: string;
  readonly place: number;
  readonly site: string;
  readonly standing: Standing;
}

/**
 * The neighbours that are there, and what follows from what they told: who may own what, and which
 * claims are honoured. What follows is worked out once and kept until something changes.
 */
export class Neighbourhood {
  readonly #self: Self;
  readonly #neighbours = new Map<string, Neighbour>();
  readonly #lapses = new Lapses();
  /** By segment. */
  readonly #candidates = new Map<number, readonly Candidate[]>();
  /** By run. */
  readonly #owners = new Map<number, Candidate | undefined>();
  #claims: Map<number, SeenClaim[]> | undefined;
  #standing: Standing | undefined;

  constructor(self: Self) {
    this.#self = self;
  }

  get size(): number {
    return this.#neighbours.size;
  }

  values(): IterableIterator<Neighbour> {
    return this.#neighbours.values();
  }

  get(peerId: string): Neighbour | undefined {
    return this.#neighbours.get(peerId);
  }

  add(neighbour: Neighbour): void {
    this.#neighbours.set(neighbour.peerId, neighbour);
    this.#changed();
  }

  delete(neighbour: Neighbour): void {
    if (this.#neighbours.get(neighbour.peerId) !== neighbour) return;
    this.#neighbours.delete(neighbour.peerId);
    this.#changed();
  }

  /** A neighbour's claims, or its standing too, are about to be others. */
  willTell(neighbour: Neighbour, segmentIndex: number, standing: Standing): void {
    if (standing !== neighbour.standing(segmentIndex)) this.#changed();
    this.#claims = undefined;
  }

  /** How many claims others at the same site make. */
  claimsBeside(neighbour: Neighbour): number {
    let count = 0;
    for (const other of this.#neighbours.values()) {
      if (other !== neighbour && other.site === neighbour.site) count += other.claims().length;
    }
    return count;
  }

  forgive(site: string): void {
    if (this.#lapses.forgive(site)) this.#changed();
  }

  /** To be called while this peer's own way to the origin works. */
  noteLapses(times: Times): void {
    if (this.#lapses.look(this.#neighbours.values(), times)) this.#changed();
  }

  claimsOn(runNumber: number): readonly SeenClaim[] {
    this.#claims ??= this.#findClaims();
    return this.#claims.get(runNumber) ?? NO_CLAIMS;
  }

  /** Who claims a run and is not late with it: what was late when it was taken over is no matter. */
  claimantsOf(runNumber: number): Claimant[] {
    const segmentIndex = segmentOf(runNumber);
    return [...this.#neighbours.values()].flatMap((neighbour) => {
      if (this.#lapses.isBarred(neighbour.site)) return [];
      const claim = neighbour.claim(segmentIndex, runNumber % RUNS_PER_SEGMENT);
      if (claim === undefined || claim.overdueSinceMs !== undefined) return [];
      const { peerId, place } = neighbour;
      return [{ peerId, place, kind: claim.kind, standing: neighbour.standing(segmentIndex) }];
    });
  }

  ownerOf({ number, place }: OpenRun): Candidate | undefined {
    this.#noteStanding();
    if (this.#owners.has(number)) return this.#owners.get(number);
    let owner: Candidate | undefined;
    for (const candidate of this.candidates(segmentOf(number))) {
      if (owner === undefined || isNearer(candidate, owner, place)) owner = candidate;
    }
    this.#owners.set(number, owner);
    return owner;
  }

  /** Who may own runs of a segment: the most urgent only, and one for each site. */
  candidates(segmentIndex: number): readonly Candidate[] {
    this.#noteStanding();
    const known = this.#candidates.get(segmentIndex);
    if (known !== undefined) return known;
    const candidates = this.#findCandidates(segmentIndex);
    this.#candidates.set(segmentIndex, candidates);
    return candidates;
  }

  isNear(run: OpenRun): boolean {
    if (this.#neighbours.size < MOST_NEIGHBOURS) return true;
    const way = ringWay(this.#self.place, run.place);
    const between = this.candidates(segmentOf(run.number)).filter(({ place }) => {
      const wayToOther = ringWay(this.#self.place, place);
      return Math.sign(wayToOther) === Math.sign(way) && Math.abs(wayToOther) < Math.abs(way);
    });
    return between.length < NEAREST_EACH_SIDE;
  }

  idleBefore(run: OpenRun): number {
    const mine = ringDistance(this.#self.place, run.place);
    return this.candidates(segmentOf(run.number)).filter(({ neighbour }) => {
      if (neighbour === undefined || neighbour.claims().length > 0) return false;
      return ringDistance(neighbour.place, run.place) < mine;
    }).length;
  }

  #changed(): void {
    this.#candidates.clear();
    this.#owners.clear();
    this.#claims = undefined;
  }

  #noteStanding(): void {
    if (this.#standing === this.#self.standing) return;
    this.#standing = this.#self.standing;
    this.#changed();
  }

  #findClaims(): Map<number, SeenClaim[]> {
    const byRun = new Map<number, SeenClaim[]>();
    for (const neighbour of this.#neighbours.values()) {
      if (this.#lapses.isBarred(neighbour.site)) continue;
      for (const claim of neighbour.claims()) {
        const runNumber = claim.segmentIndex * RUNS_PER_SEGMENT + claim.runIndex;
        const known = byRun.get(runNumber);
        if (known === undefined) byRun.set(runNumber, [claim]);
        else known.push(claim);
      }
    }
    return byRun;
  }

  #findCandidates(segmentIndex: number): Candidate[] {
    const { peerId, place, site, standing } = this.#self;
    const present = [...this.#neighbours.values()].filter(
      (neighbour) => !this.#lapses.isBarred(neighbour.site),
    );
    const ranks = present.map((neighbour) => ownerRank(neighbour.standing(segmentIndex)));
    const most = Math.max(1, ownerRank(standing), ...ranks);
    const bySite = new Map<string, Candidate>();
    if (ownerRank(standing) === most) bySite.set(site, { peerId, place, neighbour: undefined });
    for (const [at, neighbour] of present.entries()) {
      if (ranks[at] !== most) continue;
      const known = bySite.get(neighbour.site);
      if (known !== undefined && known.peerId < neighbour.peerId) continue;
      bySite.set(neighbour.site, { peerId: neighbour.peerId, place: neighbour.place, neighbour });
    }
    return [...bySite.values()];
  }
}

function isNearer(one: Candidate, other: Candidate, place: number): boolean {
  const ofOne = ringDistance(one.place, place);
  const ofOther = ringDistance(other.place, place);
  return ofOne < ofOther || (ofOne === ofOther && one.peerId < other.peerId);
}
