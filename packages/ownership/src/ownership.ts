import { BLOCK_BYTES, SECOND_MS } from '@peer-cache/core';
import { ownerRank, rankOf, standsBefore } from './claim.ts';
import type { Claim, Claimant, ClaimKind, Standing } from './claim.ts';
import { FreeSince } from './free-since.ts';
import { Lapses } from './lapses.ts';
import { Neighbour } from './neighbour.ts';
import type { SeenClaim, ToldOfSegment } from './neighbour.ts';
import { MOST_NEIGHBOURS, NEAREST_EACH_SIDE } from './neighbour-choice.ts';
import { placeOfPeer, ringDistance, ringWay } from './ring.ts';
import { RUN_BLOCKS, RUNS_PER_SEGMENT, WINDOW_RUNS } from './runs.ts';
import type { OpenRun } from './runs.ts';
import { chooseSteal } from './stealing.ts';
import { chooseTakeover } from './takeover.ts';
import type { Times } from './takeover.ts';
import { TypicalTime } from './typical-time.ts';
import type { Candidate, OwnershipView } from './view.ts';

/** What is left of a run is not worth giving way for. */
const MOST_LEFT_BLOCKS = 2;

/** The blocks of a run come at shorter intervals than this, as long as somebody fetches it. */
const LEAST_REST_MS = 0.3 * SECOND_MS;
const REST_RUNS = 0.25;

const NO_CLAIMS: readonly SeenClaim[] = [];

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
  readonly #freeSince = new FreeSince();
  /** Runs whose latest blocks may be this peer's own. */
  readonly #broughtLately = new Set<number>();
  /** Since when this peer has nothing to fetch. */
  #idleSinceMs: number | undefined;
  /** By segment, until something that they depend on is another. */
  readonly #candidates = new Map<number, Candidate[]>();
  readonly #owners = new Map<number, Candidate | undefined>();
  #candidatesFor: Standing | undefined;
  /** Those that are honoured; undefined when they have to be gathered anew. */
  #claimsByRun: Map<number, SeenClaim[]> | undefined;

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
    this.#viewChanged();
    return neighbour;
  }

  /** A neighbour is gone: its claims are void. */
  lose(neighbour: Neighbour): void {
    if (this.#neighbours.get(neighbour.peerId) === neighbour) {
      this.#neighbours.delete(neighbour.peerId);
      this.#viewChanged();
    }
  }

  /** A neighbour told of its part in a segment. */
  tell(neighbour: Neighbour, segmentIndex: number, told: ToldOfSegment, nowMs: number): void {
    if (told.standing !== neighbour.standing(segmentIndex)) this.#viewChanged();
    this.#claimsByRun = undefined;
    const claimsBeside = this.#claimsBeside(neighbour);
    const ended = neighbour.tell(segmentIndex, told, { nowMs, claimsBeside });
    for (const { sinceMs, receivedBytes } of ended) {
      this.typical.note(nowMs - sinceMs, receivedBytes, RUN_BLOCKS * BLOCK_BYTES);
    }
  }

  /** A verified block came from a neighbour: whatever it failed before, it brings something. */
  delivered(neighbour: Neighbour): void {
    neighbour.delivered();
    if (this.#lapses.forgive(neighbour.site)) this.#viewChanged();
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
    if (receivedBytes > 0) this.#noteBrought(runNumber);
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
    const times = this.#times(nowMs);
    if (isWanAlive) this.#noteLate(eligible, times);
    const free = eligible.filter(
      ({ number }) => !this.hasClaim(number) && this.claimsOn(number).length === 0,
    );
    this.#freeSince.look(free, nowMs);
    const own = this.#nearestOwn(free.filter((run) => !this.#isComing(run, times)));
    if (own !== undefined) return { run: own, kind: 'own' };
    if (this.#claims.size > 0) {
      this.#idleSinceMs = undefined;
      return undefined;
    }
    this.#idleSinceMs ??= nowMs;
    if (!isWanAlive) return undefined;
    const steal = chooseSteal(this, free, { ...times, idleMs: nowMs - this.#idleSinceMs });
    if (steal !== undefined) return { run: steal, kind: 'stolen' };
    const late = chooseTakeover(this, eligible, times);
    return late && { run: late, kind: 'takeover' };
  }

  /** Whether this peer has to leave a run, of which so much is left to it, to another claim. */
  mustYield(run: OpenRun, leftBlocks: number): boolean {
    const own = this.#claims.get(run.number);
    if (own === undefined || leftBlocks <= MOST_LEFT_BLOCKS) return false;
    // Begun before the owner was known: whoever else began it may be out of sight.
    const isNew = own.kind === 'own' && own.receivedBytes < BLOCK_BYTES;
    if (isNew && this.ownerOf(run)?.neighbour !== undefined) return true;
    const { peerId } = this.#parts;
    const mine = { peerId, place: this.place, kind: own.kind, standing: this.standing };
    return this.#claimants(run.number).some((claimant) => standsBefore(claimant, mine, run.place));
  }

  claimsOn(runNumber: number): readonly SeenClaim[] {
    this.#claimsByRun ??= this.#findClaims();
    return this.#claimsByRun.get(runNumber) ?? NO_CLAIMS;
  }

  /** One of them: that which is least late. */
  claimOn(runNumber: number): SeenClaim | undefined {
    const claims = this.claimsOn(runNumber);
    return claims.find(({ overdueSinceMs }) => overdueSinceMs === undefined) ?? claims[0];
  }

  freeMs(runNumber: number, nowMs: number): number {
    return this.#freeSince.ms(runNumber, nowMs);
  }

  ownerOf(run: OpenRun): Candidate | undefined {
    this.#noteStanding();
    if (this.#owners.has(run.number)) return this.#owners.get(run.number);
    let owner: Candidate | undefined;
    for (const candidate of this.candidates(segmentOf(run.number))) {
      if (owner === undefined || isNearer(candidate, owner, run.place)) owner = candidate;
    }
    this.#owners.set(run.number, owner);
    return owner;
  }

  /** Whether anybody else may fetch runs of a segment. */
  hasOthers(segmentIndex: number): boolean {
    return this.candidates(segmentIndex).some(({ neighbour }) => neighbour !== undefined);
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
    const way = ringWay(this.place, run.place);
    const between = this.candidates(segmentOf(run.number)).filter(({ place }) => {
      const wayToOther = ringWay(this.place, place);
      return Math.sign(wayToOther) === Math.sign(way) && Math.abs(wayToOther) < Math.abs(way);
    });
    return between.length < NEAREST_EACH_SIDE;
  }

  idleBefore(run: OpenRun): number {
    const segmentIndex = segmentOf(run.number);
    const mine = ringDistance(this.place, run.place);
    return this.candidates(segmentIndex).filter(({ neighbour }) => {
      if (neighbour === undefined || neighbour.claims().length > 0) return false;
      return ringDistance(neighbour.place, run.place) < mine;
    }).length;
  }

  #claimsBeside(neighbour: Neighbour): number {
    let count = 0;
    for (const other of this.#neighbours.values()) {
      if (other !== neighbour && other.site === neighbour.site) count += other.claims().length;
    }
    return count;
  }

  #noteBrought(runNumber: number): void {
    this.#broughtLately.delete(runNumber);
    this.#broughtLately.add(runNumber);
    const [oldest] = this.#broughtLately;
    if (this.#broughtLately.size > WINDOW_RUNS && oldest !== undefined) {
      this.#broughtLately.delete(oldest);
    }
  }

  /** Whether somebody who is not seen may be bringing a run: there are blocks of it since lately. */
  #isComing({ number, blockCount, leftBlocks }: OpenRun, { nowMs, typicalMs }: Times): boolean {
    if (leftBlocks === blockCount || this.#broughtLately.has(number)) return false;
    if (this.#neighbours.size === 0) return false;
    return this.freeMs(number, nowMs) < Math.max(LEAST_REST_MS, REST_RUNS * typicalMs);
  }

  #viewChanged(): void {
    this.#candidates.clear();
    this.#owners.clear();
    this.#claimsByRun = undefined;
  }

  #noteStanding(): void {
    if (this.#candidatesFor === this.standing) return;
    this.#candidatesFor = this.standing;
    this.#viewChanged();
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

  #nearestOwn(free: readonly OpenRun[]): OpenRun | undefined {
    let nearest: OpenRun | undefined;
    for (const run of free) {
      const owner = this.ownerOf(run);
      if (owner === undefined || owner.neighbour !== undefined) continue;
      const isBest =
        nearest === undefined ||
        ringDistance(this.place, run.place) < ringDistance(this.place, nearest.place);
      if (isBest) nearest = run;
    }
    return nearest;
  }

  #noteLate(eligible: readonly OpenRun[], times: Times): void {
    for (const run of eligible) {
      for (const claim of this.claimsOn(run.number)) {
        claim.lookedAtMs ??= times.nowMs;
        claim.leftAtFirst ??= run.leftBlocks;
      }
    }
    if (this.#lapses.look(this.#neighbours.values(), times)) this.#viewChanged();
  }

  #times(nowMs: number): Times {
    const claims = [...this.#claims.values()];
    for (const neighbour of this.#neighbours.values()) claims.push(...neighbour.claims());
    const running = claims.flatMap(({ sinceMs, receivedBytes }) => {
      return receivedBytes > 0
        ? ((nowMs - sinceMs) * RUN_BLOCKS * BLOCK_BYTES) / receivedBytes
        : [];
    });
    return { nowMs, typicalMs: this.typical.among(running) };
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
