import { BLOCK_BYTES, SECOND_MS } from '@peer-cache/core';
import type { Neighbour, SeenClaim } from './neighbour.ts';
import { isSlow, SLOW_AFTER_MS, usuallySlowMs } from './takeover.ts';
import type { Times } from './takeover.ts';
import { MOST_TYPICAL_MS } from './typical-time.ts';

/** A claim is empty for at least so long before that counts in full, and longer where runs take long. */
const LAPSE_AFTER_MS = 4 * SECOND_MS;
const OVERDUE_FOR_MS = 1 * SECOND_MS;
const MOST_LAPSES = 2;
/** Who was not heard of for longer may have more to tell. */
const HEARD_MS = 1 * SECOND_MS;
/** Some blocks of a run must have had the time to come, before it is called slow for good. */
const SLOW_SHARE = 0.25;
/** Who is slow may be fast again: so long, and twice as long each time. */
const SLOW_BAR_MS = 30 * SECOND_MS;

/** What the claims of one site have come to. */
interface SiteRecord {
  /** For how long its claims were without a block: of each claim at most what is one lapse. */
  emptyMs: number;
  slowClaims: number;
  slowBars: number;
  slowUntilMs: number;
  isBarred: boolean;
}

/**
 * Claims that brought nothing at all, and those that bring a run in several times the usual time,
 * by site. Who has made two such claims owns nothing and claims nothing of this content for a while;
 * where they were empty, until something of theirs arrives. Claims that are given up and made anew
 * count together, so that nobody keeps runs by changing what it claims.
 */
export class Lapses {
  readonly #records = new Map<string, SiteRecord>();

  isBarred(site: string): boolean {
    return this.#records.get(site)?.isBarred ?? false;
  }

  /** A block of the site's came; true if that changes anything. */
  forgive(site: string): boolean {
    const record = this.#records.get(site);
    if (record === undefined) return false;
    record.emptyMs = 0;
    const wasBarred = record.isBarred;
    record.isBarred &&= record.slowUntilMs > 0;
    return wasBarred && !record.isBarred;
  }

  /** To be called while this peer's own way to the origin works; true if a bar begins or ends. */
  look(neighbours: Iterable<Neighbour>, times: Times): boolean {
    for (const neighbour of neighbours) {
      for (const claim of neighbour.claims()) {
        this.#noteEmpty(neighbour.site, claim, times);
        this.#noteSlow(neighbour.site, claim, times);
      }
    }
    let hasNew = false;
    for (const record of this.#records.values()) {
      if (record.slowUntilMs < times.nowMs) record.slowUntilMs = 0;
      const isEmpty = record.emptyMs >= MOST_LAPSES * lapseMs(times);
      const isBarred = isEmpty || record.slowUntilMs > 0;
      hasNew ||= isBarred !== record.isBarred;
      record.isBarred = isBarred;
    }
    return hasNew;
  }

  #noteEmpty(site: string, claim: SeenClaim, times: Times): void {
    const { receivedBytes, sinceMs, progressMs, heardMs } = claim;
    if (receivedBytes >= BLOCK_BYTES) return;
    const wasHeard = times.nowMs - heardMs < HEARD_MS;
    const emptyMs = Math.min((wasHeard ? times.nowMs : heardMs) - sinceMs, lapseMs(times));
    const newMs = emptyMs - claim.countedMs;
    // Bytes that are no block yet are a sign of life.
    if (newMs <= 0 || progressMs > sinceMs) return;
    claim.countedMs = emptyMs;
    this.#record(site).emptyMs += newMs;
  }

  #noteSlow(site: string, claim: SeenClaim, times: Times): void {
    const { nowMs, typicalMs } = times;
    const { lookedAtMs, leftBlocks, isCalledSlow, progressMs, sinceMs } = claim;
    const isJudged = lookedAtMs !== undefined && leftBlocks !== undefined && !isCalledSlow;
    // Where runs take that long, what is slow can't be told.
    if (!isJudged || typicalMs >= MOST_TYPICAL_MS || progressMs === sinceMs) return;
    if (nowMs - lookedAtMs < SLOW_AFTER_MS + SLOW_SHARE * typicalMs) return;
    if (!isSlow(claim, leftBlocks, { ...times, slowMs: usuallySlowMs(typicalMs) })) return;
    claim.isCalledSlow = true;
    const record = this.#record(site);
    record.slowClaims++;
    if (record.slowClaims < MOST_LAPSES) return;
    record.slowClaims = 0;
    record.slowUntilMs = nowMs + SLOW_BAR_MS * 2 ** record.slowBars;
    record.slowBars++;
  }

  #record(site: string): SiteRecord {
    const known = this.#records.get(site);
    if (known !== undefined) return known;
    const record = { emptyMs: 0, slowClaims: 0, slowBars: 0, slowUntilMs: 0, isBarred: false };
    this.#records.set(site, record);
    return record;
  }
}

function lapseMs({ typicalMs }: Times): number {
  return Math.max(LAPSE_AFTER_MS, typicalMs + OVERDUE_FOR_MS);
}
