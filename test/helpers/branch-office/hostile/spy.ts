import { setTimeout as sleep } from 'node:timers/promises';
import { blockCount, BlockSet } from '@peer-cache/core';
import type { MdnsFinder, PeerAddress } from '@peer-cache/discovery';
import type { Content, ContentSegment } from '@peer-cache/download';
import { BLOCKS_PER_RUN } from '@peer-cache/protocol';
import { BareCaller } from '../../bare-caller.ts';

const LOOK_MS = 250;

/** A run of which no host has all. */
export interface OpenRun {
  readonly segment: ContentSegment;
  readonly runIndex: number;
}

export interface SpyParts {
  readonly content: Content;
  readonly finder: MdnsFinder;
  /** As which it calls, and is called back. */
  readonly own: PeerAddress;
}

/** Asks the hosts of an office what they have and fetch, so that its program can be in the way. */
export class Spy {
  readonly #parts: SpyParts;
  readonly #callers = new Map<string, BareCaller>();
  /** Runs that hosts took over from somebody, by segment and run. */
  #takenOver = new Set<string>();
  #held = new Map<number, BlockSet>();

  constructor(parts: SpyParts) {
    this.#parts = parts;
  }

  /** The runs that are open and were not taken over, in the content's order. */
  openRuns(): OpenRun[] {
    const { content } = this.#parts;
    return content.segments(0, content.segmentCount).flatMap((segment) => {
      const runs = Math.ceil(blockCount(segment.sizeBytes) / BLOCKS_PER_RUN);
      return Array.from({ length: runs }, (_, runIndex) => ({ segment, runIndex })).filter(
        (run) => !this.#isWhole(run) && !this.#takenOver.has(nameOf(run)),
      );
    });
  }

  /** Looks again and again, and tells after each look; for ever. */
  async watch(onLook: () => void): Promise<void> {
    for (;;) {
      await this.#find();
      await this.#look();
      onLook();
      await sleep(LOOK_MS);
    }
  }

  /** Agents announce themselves: nobody has to be looked for. */
  async #find(): Promise<void> {
    const { finder, own } = this.#parts;
    for (const address of finder.neighbours()) {
      if (address.host === own.host || address.host.includes('%')) continue;
      if (!this.#callers.has(address.host)) {
        this.#callers.set(address.host, new BareCaller(address, own));
      }
    }
  }

  async #look(): Promise<void> {
    const { content } = this.#parts;
    const segments = content.segments(0, content.segmentCount);
    const held = new Map<number, BlockSet>();
    const takenOver = new Set<string>();
    await Promise.all([...this.#callers.values()].map((caller) => ask(caller)));
    this.#held = held;
    this.#takenOver = takenOver;

    async function ask(caller: BareCaller): Promise<void> {
      // Whoever does not want the content yet, or is busy, tells at the next look.
      const states = await caller.states(segments).catch(() => []);
      for (const { index, blocks, claims } of states) {
        const segment = segments[index];
        if (segment === undefined) continue;
        const count = blockCount(segment.sizeBytes);
        const union = held.get(index) ?? new BlockSet(count);
        const theirs = BlockSet.fromBytes(count, blocks);
        for (let block = 0; block < count; block++) if (theirs.has(block)) union.add(block);
        held.set(index, union);
        for (const { runIndex, kind } of claims) {
          if (kind === 'takeover') takenOver.add(nameOf({ segment, runIndex }));
        }
      }
    }
  }

  #isWhole({ segment, runIndex }: OpenRun): boolean {
    const held = this.#held.get(segment.index);
    if (held === undefined) return false;
    const first = runIndex * BLOCKS_PER_RUN;
    const end = Math.min(first + BLOCKS_PER_RUN, held.blockCount);
    for (let block = first; block < end; block++) if (!held.has(block)) return false;
    return true;
  }
}

export function nameOf({ segment, runIndex }: OpenRun): string {
  return `${segment.index} ${runIndex}`;
}
