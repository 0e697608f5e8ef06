import { BLOCK_BYTES } from '@peer-cache/core';
import { ownerRank, rankOf, standsBefore } from './claim.ts';
import type { Claim, Claimant, ClaimKind, Standing } from './claim.ts';
import { Lapses } from './lapses.ts';
import { Neighbour } from './neighbour.ts';
import type { SeenClaim, ToldOfSegment } from './neighbour.ts';
import { placeOfPeer, ringDistance } from './ring.ts';
import { RUN_BLOCKS, RUNS_PER_SEGMENT } from './runs.ts';
import type { OpenRun } from './runs.ts';
import { chooseSteal } from './stealing.ts';
import { chooseTakeover } from './takeover.ts';
import { TypicalTime } from './typical-time.ts';
import type { Candidate, OwnershipView } from './view.ts';

/** Only the first of the missing runs may be fetched, so that groups which meet late still share. */
export const WINDOW_RUNS = 32;
/** What is left of a run is not worth giving way for. */
const MOST_LEFT_BLOCKS = 2;

export interface OwnershipParts {
  readonly peerId: string;
  readonly contentId: string;
  /** Where this peer is, as its neighbours see it; see {@link Neighbour.site}. */
  readonly site: string;
}

/** What to fetch from the origin next. */
export interface Choice {
  readonly run: OpenRun;
  readonly kind: ClaimKind;
}

interface OwnClaim {
  readonly kind: ClaimKind;
  readonly sinceMs: number;
  receivedBytes: number;
}

/**
 * Who fetches which run of one content from the origin, decided by each peer for itself from what
 * its neighbours tell. A run belongs to the nearest peer on a ring; a claim that is seen beats that.
 * Pure: time and what is told come in, decisions go out.
 */
export class Ownership implements OwnershipView {
  readonly place: number;
  readonly typical: TypicalTime = new TypicalTime();
  /** Of this peer; only the last two may fetch. */
  standing: Standing = 'foreground';
  readonly #parts: OwnershipParts;
  readonly #neighbours = new Map<string, Neighbour>();
  readonly #claims = new Map<number, OwnClaim>();
  readonly #lapses = new Lapses();
  #idleSinceMs: number | undefined;

  constructor(parts: OwnershipParts) {
    this.#parts = parts;
    this.place = placeOfPeer(parts.peerId, parts.contentId);
  }

  get neighbours(): IterableIterator<Neighbour> {
    return this.#neighbours.values();
  }

  /** A neighbour is there; told of again it is the same. */
  meet(peerId: string, site: string, nowMs: number): Neighbour {
    const known = this.#neighbours.get(peerId);
    if (known !== undefined) return known;
    const place = placeOfPeer(peerId, this.#parts.contentId);
    const neighbour = new Neighbour({ peerId, place, site }, nowMs);
    this.#neighbours.set(peerId, neighbour);
    return neighbour;
  }

  /** A neighbour is gone: its claims are void. */
  lose(neighbour: Neighbour): void {
    if (this.#neighbours.get(neighbour.peerId) === neighbour) {
      this.#neighbours.delete(neighbour.peerId);
    }
  }

  /** A neighbour told of its part in a segment. */
  tell(neighbour: Neighbour, segmentIndex: number, told: ToldOfSegment, nowMs: number): void {
    for (const { sinceMs, receivedBytes } of neighbour.tell(segmentIndex, told, nowMs)) {
      this.typical.note(nowMs - sinceMs, receivedBytes, RUN_BLOCKS * BLOCK_BYTES);
    }
  }

  /** A verified block came from a neighbour: whatever it failed before, it brings something. */
  delivered(neighbour: Neighbour): void {
    neighbour.delivered();
    this.#lapses.forgive(neighbour.site);
  }

  /** This peer fetches a run; it may have done so before. */
  claim(runNumber: number, kind: ClaimKind, nowMs: number): void {
    this.#idleSinceMs = undefined;
    if (this.#claims.has(runNumber)) return;
    this.#claims.set(runNumber, { kind, sinceMs: nowMs, receivedBytes: 0 });
  }

  received(runNumber: number, bytes: number): void {
    const claim = this.#claims.get(runNumber);
    if (claim !== undefined) claim.receivedBytes += bytes;
  }

  /** This peer no longer fetches a run. */
  release(runNumber: number, nowMs: number): void {
    const claim = this.#claims.get(runNumber);
    if (claim === undefined) return;
    this.#claims.delete(runNumber);
    const { sinceMs, receivedBytes } = claim;
    this.typical.note(nowMs - sinceMs, receivedBytes, RUN_BLOCKS * BLOCK_BYTES);
  }

  /** What this peer claims of a segment. */
  claimsOf(segmentIndex: number): Claim[] {
    return [...this.#claims].flatMap(([runNumber, { kind, receivedBytes }]) => {
      if (Math.floor(runNumber / RUNS_PER_SEGMENT) !== segmentIndex) return [];
      return [{ runIndex: runNumber % RUNS_PER_SEGMENT, kind, receivedBytes }];
    });
  }

  hasClaim(runNumber: number): boolean {
    return this.#claims.has(runNumber);
  }

  /**
   * What to fetch next of the runs that nobody has whole, in the content's order. Undefined: for
   * now nothing, others are at it. `isWanAlive`: whether this peer's own way to the origin works,
   * else what is late elsewhere is nobody's fault.
   */
  choose(
    open: readonly OpenRun[],
    { nowMs, isWanAlive }: { readonly nowMs: number; readonly isWanAlive: boolean },
  ): Choice | undefined {
    if (rankOf(this.standing) < rankOf('background')) return undefined;
    const eligible = open.slice(0, WINDOW_RUNS);
    if (isWanAlive) this.#noteLate(eligible, nowMs);
    const free = eligible.filter(
      ({ number }) => !this.hasClaim(number) && this.claimOn(number) === undefined,
    );
    const own = this.#nearestOwn(free);
    if (own !== undefined) return { run: own, kind: 'own' };
    if (this.#claims.size > 0) {
      this.#idleSinceMs = undefined;
      return undefined;
    }
    this.#idleSinceMs ??= nowMs;
    if (!isWanAlive) return undefined;
    const idleMs = nowMs - this.#idleSinceMs;
    const steal = chooseSteal(this, free, { nowMs, idleMs });
    if (steal !== undefined) return { run: steal, kind: 'stolen' };
    const late = chooseTakeover(this, eligible, nowMs);
    return late && { run: late, kind: 'takeover' };
  }

  /** Whether this peer has to leave a run, of which so much is left to it, to another claim. */
  mustYield(run: OpenRun, leftBlocks: number): boolean {
    const own = this.#claims.get(run.number);
    if (own === undefined || leftBlocks <= MOST_LEFT_BLOCKS) return false;
    const { peerId } = this.#parts;
    const mine = { peerId, place: this.place, kind: own.kind, standing: this.standing };
    return this.#claimants(run.number).some((claimant) => standsBefore(claimant, mine, run.place));
  }

  claimOn(runNumber: number): SeenClaim | undefined {
    let latest: SeenClaim | undefined;
    for (const neighbour of this.#neighbours.values()) {
      const claim = this.#claimOf(neighbour, runNumber);
      if (claim === undefined) continue;
      // Whoever brings something: a run that was taken over is late only if the new claim is, too.
      if (latest === undefined || claim.progressMs > latest.progressMs) latest = claim;
    }
    return latest;
  }

  ownerOf(
    run: OpenRun,
    candidates: readonly Candidate[] = this.candidates(segmentOf(run.number)),
  ): Candidate | undefined {
    let owner: Candidate | undefined;
    for (const candidate of candidates) {
      if (owner === undefined || isNearer(candidate, owner, run.place)) owner = candidate;
    }
    return owner;
  }

  /** Whether anybody else may fetch runs of a segment. */
  hasOthers(segmentIndex: number): boolean {
    for (const neighbour of this.#neighbours.values()) {
      const mayOwn = ownerRank(neighbour.standing(segmentIndex)) > 0;
      if (mayOwn && !this.#lapses.isBarred(neighbour.site)) return true;
    }
    return false;
  }

  /** Who may own runs of a segment: the most urgent only, and one for each site. */
  candidates(segmentIndex: number): Candidate[] {
    const { peerId, site } = this.#parts;
    const present = [...this.#neighbours.values()].filter(
      (neighbour) => !this.#lapses.isBarred(neighbour.site),
    );
    const ranks = present.map((neighbour) => ownerRank(neighbour.standing(segmentIndex)));
    const most = Math.max(1, ownerRank(this.standing), ...ranks);
    const bySite = new Map<string, Candidate>();
    if (ownerRank(this.standing) === most) {
      bySite.set(site, { peerId, place: this.place, neighbour: undefined });
    }
    for (const [at, neighbour] of present.entries()) {
      if (ranks[at] !== most) continue;
      const known = bySite.get(neighbour.site);
      if (known !== undefined && known.peerId < neighbour.peerId) continue;
      bySite.set(neighbour.site, { peerId: neighbour.peerId, place: neighbour.place, neighbour });
    }
    return [...bySite.values()];
  }

  idleBefore(run: OpenRun): number {
    const segmentIndex = segmentOf(run.number);
    const mine = ringDistance(this.place, run.place);
    return this.candidates(segmentIndex).filter(({ neighbour }) => {
      if (neighbour === undefined || neighbour.claims().length > 0) return false;
      return ringDistance(neighbour.place, run.place) < mine;
    }).length;
  }

  #nearestOwn(free: readonly OpenRun[]): OpenRun | undefined {
    let nearest: OpenRun | undefined;
    const bySegment = new Map<number, Candidate[]>();
    for (const run of free) {
      const segmentIndex = segmentOf(run.number);
      const candidates = bySegment.get(segmentIndex) ?? this.candidates(segmentIndex);
      bySegment.set(segmentIndex, candidates);
      const owner = this.ownerOf(run, candidates);
      if (owner === undefined || owner.neighbour !== undefined) continue;
      const isBest =
        nearest === undefined ||
        ringDistance(this.place, run.place) < ringDistance(this.place, nearest.place);
      if (isBest) nearest = run;
    }
    return nearest;
  }

  #noteLate(eligible: readonly OpenRun[], nowMs: number): void {
    for (const run of eligible) {
      const claim = this.claimOn(run.number);
      if (claim !== undefined) claim.leftAtFirst ??= run.leftBlocks;
    }
    this.#lapses.look(this.#neighbours.values(), { nowMs, typicalMs: this.typical.ms });
  }

  #claimants(runNumber: number): Claimant[] {
    const segmentIndex = segmentOf(runNumber);
    return [...this.#neighbours.values()].flatMap((neighbour) => {
      const claim = this.#claimOf(neighbour, runNumber);
      // What was late when this peer took it over is no reason to leave it.
      if (claim === undefined || claim.overdueSinceMs !== undefined) return [];
      const { peerId, place } = neighbour;
      return [{ peerId, place, kind: claim.kind, standing: neighbour.standing(segmentIndex) }];
    });
  }

  #claimOf(neighbour: Neighbour, runNumber: number): SeenClaim | undefined {
    if (this.#lapses.isBarred(neighbour.site)) return undefined;
    return neighbour.claim(segmentOf(runNumber), runNumber % RUNS_PER_SEGMENT);
  }
}

function segmentOf(runNumber: number): number {
  return Math.floor(runNumber / RUNS_PER_SEGMENT);
}

function isNearer(one: Candidate, other: Candidate, place: number): boolean {
  const ofOne = ringDistance(one.place, place);
  const ofOther = ringDistance(other.place, place);
  return ofOne < ofOther || (ofOne === ofOther && one.peerId < other.peerId);
}
