import { BLOCK_BYTES, SECOND_MS } from '@peer-cache/core';
import { rankOf, standsBefore } from './claim.ts';
import type { Claim, ClaimKind, Standing } from './claim.ts';
import { FreeSince } from './free-since.ts';
import { Neighbour, seenBytes } from './neighbour.ts';
import type { SeenClaim, ToldOfSegment } from './neighbour.ts';
import { Neighbourhood } from './neighbourhood.ts';
import { OwnClaims } from './own-claims.ts';
import { Patience } from './patience.ts';
import { placeOfPeer, ringDistance } from './ring.ts';
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
  readonly peerId: string;
  readonly site: string;
  readonly #contentId: string;
  readonly #around: Neighbourhood;
  readonly #own: OwnClaims;
  readonly #freeSince = new FreeSince();
  readonly #patience = new Patience();
  /** Since when this peer has nothing to fetch. */
  #idleSinceMs: number | undefined;

  constructor({ peerId, contentId, site }: OwnershipParts) {
    this.peerId = peerId;
    this.site = site;
    this.#contentId = contentId;
    this.place = placeOfPeer(peerId, contentId);
    this.#around = new Neighbourhood(this);
    this.#own = new OwnClaims(this.typical);
  }

  get neighbours(): IterableIterator<Neighbour> {
    return this.#around.values();
  }

  /** A neighbour is there; told of again it is the same. */
  meet(peerId: string, site: string, nowMs: number): Neighbour {
    const known = this.#around.get(peerId);
    if (known !== undefined) return known;
    const place = placeOfPeer(peerId, this.#contentId);
    const neighbour = new Neighbour({ peerId, place, site }, nowMs);
    this.#around.add(neighbour);
    return neighbour;
  }

  /** A neighbour is gone: its claims are void. */
  lose(neighbour: Neighbour): void {
    this.#around.delete(neighbour);
  }

  /** A neighbour told of its part in a segment. */
  tell(neighbour: Neighbour, segmentIndex: number, told: ToldOfSegment, nowMs: number): void {
    this.#around.willTell(neighbour, segmentIndex, told.standing);
    const claimsBeside = this.#around.claimsBeside(neighbour);
    const ended = neighbour.tell(segmentIndex, told, { nowMs, claimsBeside });
    this.#noteCrossings(neighbour, segmentIndex, nowMs);
    for (const claim of ended) {
      this.typical.note(nowMs - claim.sinceMs, seenBytes(claim), RUN_BLOCKS * BLOCK_BYTES);
    }
  }

  /** A verified block came from a neighbour: whatever it failed before, it brings something. */
  delivered(neighbour: Neighbour): void {
    neighbour.delivered();
    this.#around.forgive(neighbour.site);
  }

  /** This peer fetches a run; it may have done so before. */
  claim(runNumber: number, kind: ClaimKind, nowMs: number): void {
    this.#idleSinceMs = undefined;
    this.#own.begin(runNumber, kind, nowMs);
  }

  received(runNumber: number, bytes: number): void {
    this.#own.received(runNumber, bytes);
  }

  /** This peer no longer fetches a run. */
  release(runNumber: number, nowMs: number): void {
    this.#own.end(runNumber, nowMs);
    this.#patience.brought();
  }

  /** What this peer claims of a segment. */
  claimsOf(segmentIndex: number): Claim[] {
    return this.#own.ofSegment(segmentIndex);
  }

  hasClaim(runNumber: number): boolean {
    return this.#own.get(runNumber) !== undefined;
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
    const resting = free.filter((run) => !this.#isComing(run, times));
    const own = this.#nearestOwn(resting);
    if (own !== undefined) return { run: own, kind: 'own' };
    if (this.#own.size > 0) {
      this.#idleSinceMs = undefined;
      return undefined;
    }
    this.#idleSinceMs ??= nowMs;
    if (!isWanAlive) return undefined;
    const steal = chooseSteal(this, resting, {
      ...times,
      idleMs: nowMs - this.#idleSinceMs,
      patience: this.#patience.factor,
    });
    if (steal !== undefined) return { run: steal, kind: 'stolen' };
    const late = chooseTakeover(this, eligible, times);
    return late && { run: late, kind: 'takeover' };
  }

  /** Whether this peer has to leave a run, of which so much is left to it, to another claim. */
  mustYield(run: OpenRun, leftBlocks: number): boolean {
    const own = this.#own.get(run.number);
    if (own === undefined || leftBlocks <= MOST_LEFT_BLOCKS) return false;
    // Begun before the owner was known: whoever else began it may be out of sight.
    const isNew = own.kind === 'own' && own.receivedBytes < BLOCK_BYTES;
    if (isNew && this.ownerOf(run)?.neighbour !== undefined) return true;
    const { peerId, place, standing } = this;
    const mine = { peerId, place, kind: own.kind, standing };
    return this.#around
      .claimantsOf(run.number)
      .some((claimant) => standsBefore(claimant, mine, run.place));
  }

  claimsOn(runNumber: number): readonly SeenClaim[] {
    return this.#around.claimsOn(runNumber);
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
    return this.#around.ownerOf(run);
  }

  /** Who may own runs of a segment: the most urgent only, and one for each site. */
  candidates(segmentIndex: number): readonly Candidate[] {
    return this.#around.candidates(segmentIndex);
  }

  /** Whether anybody else may fetch runs of a segment. */
  hasOthers(segmentIndex: number): boolean {
    return this.candidates(segmentIndex).some(({ neighbour }) => neighbour !== undefined);
  }

  isNear(run: OpenRun): boolean {
    return this.#around.isNear(run);
  }

  idleBefore(run: OpenRun): number {
    return this.#around.idleBefore(run);
  }

  #noteCrossings(neighbour: Neighbour, segmentIndex: number, nowMs: number): void {
    for (const claim of neighbour.claims()) {
      if (claim.segmentIndex !== segmentIndex || claim.sinceMs !== nowMs) continue;
      const number = segmentIndex * RUNS_PER_SEGMENT + claim.runIndex;
      if (this.hasClaim(number) || this.#own.hasBrought(number)) this.#patience.crossed();
    }
  }

  /** Whether somebody who is not seen may be bringing a run: there are blocks of it since lately. */
  #isComing({ number, blockCount, leftBlocks }: OpenRun, { nowMs, typicalMs }: Times): boolean {
    if (leftBlocks === blockCount || this.#own.hasBrought(number)) return false;
    if (this.#around.size === 0) return false;
    return this.freeMs(number, nowMs) < Math.max(LEAST_REST_MS, REST_RUNS * typicalMs);
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
        claim.leftBlocks = run.leftBlocks;
      }
    }
    this.#around.noteLapses(times);
  }

  #times(nowMs: number): Times {
    const runTimes: number[] = [];
    const note = (tookMs: number, bytes: number): void => {
      if (bytes > 0) runTimes.push((tookMs * RUN_BLOCKS * BLOCK_BYTES) / bytes);
    };
    for (const { sinceMs, receivedBytes } of this.#own.values())
      note(nowMs - sinceMs, receivedBytes);
    for (const neighbour of this.#around.values()) {
      for (const claim of neighbour.claims()) note(nowMs - claim.sinceMs, seenBytes(claim));
    }
    return { nowMs, typicalMs: this.typical.among(runTimes) };
  }
}
