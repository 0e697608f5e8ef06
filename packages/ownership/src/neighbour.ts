import { BLOCK_BYTES } from '@peer-cache/core';
import type { Claim, ClaimKind, Standing } from './claim.ts';
import { ObservedRate } from './observed-rate.ts';

/** A peer that never brought anything is lent little, and nobody is lent more than a few runs. */
const MOST_FIRST_CLAIMS = 2;
const MOST_CLAIMS = 4;
/** Made anew more often, a claim on one run is still the old one, so that none stays young for ever. */
const MOST_RENEWALS = 2;

/** What a neighbour told of one segment. */
export interface ToldOfSegment {
  readonly standing: Standing;
  readonly claims: readonly Claim[];
}

/** A claim of a neighbour, as it was seen from here. */
export interface SeenClaim {
  readonly segmentIndex: number;
  readonly runIndex: number;
  kind: ClaimKind;
  readonly sinceMs: number;
  /** What had come when it was first heard of: how long that took is not known. */
  readonly receivedBefore: number;
  receivedBytes: number;
  /** How often its maker made it anew before. */
  readonly renewals: number;
  /** When its bytes were last seen to grow, or it to begin. */
  progressMs: number;
  /** When its maker was last heard of: what it does not tell because it can't is not held against it. */
  heardMs: number;
  /**
   * When it was first looked at from here; and the blocks of the run that nobody had then, has now,
   * and had when it was last found overdue.
   */
  lookedAtMs: number | undefined;
  leftAtFirst: number | undefined;
  leftBlocks: number | undefined;
  leftLately: number | undefined;
  overdueSinceMs: number | undefined;
  /** For how long it was empty, as far as that is held against its maker's site. */
  countedMs: number;
  /** Whether that it is slow is. */
  isCalledSlow: boolean;
}

/** What came under a claim while it was watched. */
export function seenBytes({ receivedBefore, receivedBytes }: SeenClaim): number {
  return receivedBytes - receivedBefore;
}

interface SegmentPart {
  standing: Standing;
  claims: SeenClaim[];
}

/** A peer that has to do with the same content, and what it told of its part in it. */
export class Neighbour {
  readonly peerId: string;
  readonly place: number;
  /** Where it is: what counts as one for who may own runs. */
  readonly site: string;
  readonly metMs: number;
  readonly rate: ObservedRate = new ObservedRate();
  readonly #segments = new Map<number, SegmentPart>();
  #claims: readonly SeenClaim[] = [];
  /** Since when it makes no claims; of no meaning while it does. */
  #idleSinceMs: number;
  #hasDelivered = false;
  #lastToldMs: number;
  /** Bytes that its claims grew by since its rate was noted. */
  #grownBytes = 0;

  constructor(
    who: { readonly peerId: string; readonly place: number; readonly site: string },
    nowMs: number,
  ) {
    this.peerId = who.peerId;
    this.place = who.place;
    this.site = who.site;
    this.metMs = nowMs;
    this.#lastToldMs = nowMs;
    this.#idleSinceMs = nowMs;
  }

  /** For how long it has been without a claim; 0 while it has one. */
  idleMs(nowMs: number): number {
    return this.#claims.length > 0 ? 0 : nowMs - this.#idleSinceMs;
  }

  standing(segmentIndex: number): Standing {
    return this.#segments.get(segmentIndex)?.standing ?? 'none';
  }

  claims(): readonly SeenClaim[] {
    return this.#claims;
  }

  claim(segmentIndex: number, runIndex: number): SeenClaim | undefined {
    return this.#claims.find((claim) => {
      return claim.runIndex === runIndex && claim.segmentIndex === segmentIndex;
    });
  }

  /**
   * Takes what it told of a segment; gives the claims that it no longer makes. Others at its site
   * make so many claims already: no more are lent to a site than to a peer.
   */
  tell(
    segmentIndex: number,
    { standing, claims }: ToldOfSegment,
    { nowMs, claimsBeside }: { readonly nowMs: number; readonly claimsBeside: number },
  ): SeenClaim[] {
    const before = this.#segments.get(segmentIndex)?.claims ?? [];
    const elsewhere = this.#claims.filter((claim) => claim.segmentIndex !== segmentIndex);
    const lent = this.#hasDelivered ? MOST_CLAIMS : MOST_FIRST_CLAIMS;
    const most = lent - elsewhere.length - claimsBeside;
    const kept = claims.slice(0, Math.max(0, most)).map((claim) => {
      return this.#see(segmentIndex, claim, nowMs);
    });
    this.#segments.set(segmentIndex, { standing, claims: kept });
    if (this.#claims.length > 0) this.#idleSinceMs = nowMs;
    this.#claims = [...elsewhere, ...kept];
    const ended = before.filter((claim) => !kept.includes(claim));
    // The end of a claim hides its last bytes: a block is a fair guess.
    this.#grownBytes += ended.length * BLOCK_BYTES;
    if (before.length > 0 || kept.length > 0) this.#noteRate(nowMs);
    return ended;
  }

  /** It told something, or that there is nothing to tell. */
  heard(nowMs: number): void {
    for (const claim of this.claims()) claim.heardMs = nowMs;
  }

  /** A verified block of it came here. */
  delivered(): void {
    this.#hasDelivered = true;
  }

  #see(segmentIndex: number, claim: Claim, nowMs: number): SeenClaim {
    const { runIndex, kind, receivedBytes } = claim;
    const known = this.claim(segmentIndex, runIndex);
    const isNew = known?.kind !== kind || receivedBytes < known.receivedBytes;
    const renewals = known === undefined ? 0 : known.renewals + 1;
    if (known === undefined || (isNew && renewals <= MOST_RENEWALS)) {
      return {
        segmentIndex,
        runIndex,
        kind,
        renewals,
        receivedBefore: receivedBytes,
        receivedBytes,
        sinceMs: nowMs,
        progressMs: nowMs,
        heardMs: nowMs,
        lookedAtMs: undefined,
        leftAtFirst: undefined,
        leftBlocks: undefined,
        leftLately: undefined,
        overdueSinceMs: undefined,
        countedMs: 0,
        isCalledSlow: false,
      };
    }
    known.kind = kind;
    if (receivedBytes > known.receivedBytes) {
      known.progressMs = nowMs;
      known.overdueSinceMs = undefined;
    }
    known.heardMs = nowMs;
    this.#grownBytes += Math.max(0, receivedBytes - known.receivedBytes);
    known.receivedBytes = Math.max(known.receivedBytes, receivedBytes);
    return known;
  }

  #noteRate(nowMs: number): void {
    this.rate.note(this.#grownBytes, nowMs - this.#lastToldMs);
    this.#grownBytes = 0;
    this.#lastToldMs = nowMs;
  }
}
