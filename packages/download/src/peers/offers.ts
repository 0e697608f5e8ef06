import { BLOCKS_PER_SEGMENT } from '@peer-cache/core';
import { RUN_BLOCKS } from '@peer-cache/ownership';
import type { Member } from './member.ts';

const BITMAP_BYTES = BLOCKS_PER_SEGMENT / 8;

export interface OffersParts {
  /** They may be asked now. */
  readonly members: readonly Member[];
  /** What they hold, the former among them, counts as on offer. */
  readonly holders: readonly Member[];
}

/** What the peers of a content offer at one moment: looked at often while it is decided by. */
export class Offers {
  readonly members: readonly Member[];
  readonly #holders: readonly Member[];
  readonly #unions = new Map<number, Uint8Array>();

  constructor({ members, holders }: OffersParts) {
    this.members = members;
    this.#holders = holders;
  }

  /** A bitmap of the blocks of a segment that anybody offers, and gives when asked or soon after. */
  unionOf(segmentIndex: number): Uint8Array {
    const known = this.#unions.get(segmentIndex);
    if (known !== undefined) return known;
    const union = new Uint8Array(BITMAP_BYTES);
    for (const member of this.#holders) {
      if (member.isCrawling) continue;
      const bits = member.blocksOf(segmentIndex);
      if (bits === undefined) continue;
      for (let byte = 0; byte < bits.length; byte++)
        union[byte] = (union[byte] ?? 0) | (bits[byte] ?? 0);
    }
    this.#unions.set(segmentIndex, union);
    return union;
  }

  hasBlock(segmentIndex: number, blockIndex: number): boolean {
    const byte = this.unionOf(segmentIndex)[blockIndex >> 3] ?? 0;
    return ((byte >> (blockIndex & 7)) & 1) === 1;
  }

  /** A bitmap of the blocks of a run that nobody offers and that are not among `stored`. */
  gapsOf(
    { segmentIndex, firstBlock }: { readonly segmentIndex: number; readonly firstBlock: number },
    stored: Uint8Array | undefined,
  ): Uint8Array {
    const union = this.unionOf(segmentIndex);
    const gaps = new Uint8Array(BITMAP_BYTES);
    for (let byte = firstBlock >> 3; byte < (firstBlock + RUN_BLOCKS) >> 3; byte++) {
      gaps[byte] = ~((union[byte] ?? 0) | (stored?.[byte] ?? 0)) & 0xff;
    }
    return gaps;
  }
}
