import { BLOCK_BYTES, SECOND_MS } from '@peer-cache/core';
import type { Neighbour } from './neighbour.ts';
import { isSilent } from './takeover.ts';

const LAPSE_AFTER_MS = 4 * SECOND_MS;
const OVERDUE_FOR_MS = 1 * SECOND_MS;
const MOST_LAPSES = 2;

/**
 * Claims that brought nothing at all, by site. Who makes two of them owns nothing and claims nothing
 * of this content any more, until something of theirs arrives.
 */
export class Lapses {
  readonly #counts = new Map<string, number>();

  isBarred(site: string): boolean {
    if (this.#counts.size === 0) return false;
    return (this.#counts.get(site) ?? 0) >= MOST_LAPSES;
  }

  /** True if that changes anything. */
  forgive(site: string): boolean {
    return this.#counts.delete(site);
  }

  /** To be called while this peer's own way to the origin works; true if there is a new one. */
  look(
    neighbours: Iterable<Neighbour>,
    { nowMs, typicalMs }: { readonly nowMs: number; readonly typicalMs: number },
  ): boolean {
    let hasNew = false;
    for (const neighbour of neighbours) {
      const { site } = neighbour;
      for (const claim of neighbour.claims()) {
        const isEmpty = claim.receivedBytes < BLOCK_BYTES;
        const isOld = nowMs - claim.sinceMs > LAPSE_AFTER_MS;
        const isLate = isSilent(claim, typicalMs + OVERDUE_FOR_MS);
        if (claim.hasLapsed || !isEmpty || !isOld || !isLate) continue;
        claim.hasLapsed = true;
        hasNew = true;
        this.#counts.set(site, (this.#counts.get(site) ?? 0) + 1);
      }
    }
    return hasNew;
  }
}
