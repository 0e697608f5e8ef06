import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  blockHashAt,
  blockRange,
  BlockSet,
  BLOCKS_PER_SEGMENT,
  digestsEqual,
  hash,
  segmentBytes,
  segmentCount,
  blockCount,
  SEGMENT_BYTES,
} from '@peer-cache/core';
import type { ByteRange } from '@peer-cache/core';
import type { KeptBlocks } from './sinks/kept-blocks.ts';
import type { WantedBytes } from './wanted-bytes.ts';

/** Whatever else this process does waits for no more than these. */
const CHECKED_AT_ONCE = 4;
const LOOKED_AT_AT_ONCE = 2 ** 16;

/** The blocks of a segment that need not be fetched: here already and sound, or not wanted. */
export interface BlocksAtHand {
  readonly blocks: BlockSet;
  /** Wanted bytes among them. */
  readonly soundBytes: number;
}

/** What of a described content is wanted and not here: of what earlier attempts left, the sound. */
export class Resumption {
  readonly #kept: KeptBlocks;
  readonly #wanted: WantedBytes;
  readonly #sizeBytes: number;

  constructor(kept: KeptBlocks, wanted: WantedBytes, sizeBytes: number) {
    this.#kept = kept;
    this.#wanted = wanted;
    this.#sizeBytes = sizeBytes;
  }

  /** The segments, in order, that may have something to fetch; the others need not be opened. */
  async neededSegments(): Promise<number[]> {
    const needed: number[] = [];
    if (segmentCount(this.#sizeBytes) === 0) return needed;
    let looked = 0;
    for (const { first, end } of this.#wanted.blockRuns()) {
      for (let block = first; block < end;) {
        if (++looked % LOOKED_AT_AT_ONCE === 0) await nextTurn();
        const segmentIndex = Math.floor(block / BLOCKS_PER_SEGMENT);
        const isKnown = needed.at(-1) === segmentIndex;
        if (!isKnown && this.#kept.stateOf(block) === 'sound') {
          block++;
          continue;
        }
        if (!isKnown) needed.push(segmentIndex);
        block = (segmentIndex + 1) * BLOCKS_PER_SEGMENT;
      }
    }
    return needed;
  }

  /** Wanted bytes in all segments but these. */
  bytesOutside(segments: readonly number[]): number {
    const inside = segments.reduce(
      (sum, index) => sum + this.#wanted.bytesOf(this.#range(index)),
      0,
    );
    return (this.#wanted.sizeBytes ?? 0) - inside;
  }

  /** Compares what is unchecked of a segment with its block hashes, and tells what is at hand. */
  async blocksAtHand(
    segmentIndex: number,
    blockHashList: Uint8Array,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<BlocksAtHand> {
    const blocks = new BlockSet(blockCount(segmentBytes(this.#sizeBytes, segmentIndex)));
    let soundBytes = 0;
    let checked = 0;
    for (let index = 0; index < blocks.blockCount; index++) {
      const block = segmentIndex * BLOCKS_PER_SEGMENT + index;
      const wantedBytes = this.#wanted.bytesOf(blockRange(this.#sizeBytes, segmentIndex, index));
      const state = wantedBytes === 0 ? 'sound' : this.#kept.stateOf(block);
      signal.throwIfAborted();
      if (state === 'absent') continue;
      if (state === 'unchecked') {
        if (++checked % CHECKED_AT_ONCE === 0) await nextTurn();
        if (!(await this.#check(block, blockHashAt(blockHashList, index)))) continue;
      }
      blocks.add(index);
      soundBytes += wantedBytes;
    }
    return { blocks, soundBytes };
  }

  async #check(block: number, blockHash: Uint8Array): Promise<boolean> {
    const bytes = await this.#kept.read(block);
    const isSound = bytes !== undefined && digestsEqual(hash(bytes), blockHash);
    this.#kept.checked(block, isSound);
    return isSound;
  }

  #range(segmentIndex: number): ByteRange {
    const startByte = segmentIndex * SEGMENT_BYTES;
    return { startByte, endByte: startByte + segmentBytes(this.#sizeBytes, segmentIndex) };
  }
}
