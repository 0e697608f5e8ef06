import { BLOCKS_PER_SEGMENT, BlockSet, DIGEST_BYTES } from '@peer-cache/core';
import type { Digest } from '@peer-cache/core';
import type { KeptSegment } from '../records.ts';

interface Kept {
  readonly sound: BlockSet;
  readonly unchecked: BlockSet;
  readonly blockHashes: Uint8Array;
}

/**
 * Which blocks of a file are on the disk: those that this process wrote or checked, and those that
 * only the journal tells of. Blocks are counted from the content's start. Pure.
 */
export class KeptSegments {
  readonly #segments = new Map<number, Kept>();
  readonly #changed = new Set<number>();
  readonly #hasHashes: boolean;

  constructor(fromJournal: readonly KeptSegment[], { hasHashes }: { readonly hasHashes: boolean }) {
    this.#hasHashes = hasHashes;
    for (const { segmentIndex, blocks, blockHashes } of fromJournal) {
      const kept = this.#segment(segmentIndex);
      const journaled = BlockSet.fromBytes(BLOCKS_PER_SEGMENT, blocks);
      for (let index = 0; index < BLOCKS_PER_SEGMENT; index++) {
        if (journaled.has(index)) kept.unchecked.add(index);
      }
      kept.blockHashes.set((blockHashes ?? new Uint8Array()).subarray(0, kept.blockHashes.length));
    }
  }

  stateOf(block: number): 'absent' | 'unchecked' | 'sound' {
    const kept = this.#segments.get(segmentOf(block));
    if (kept?.sound.has(indexOf(block)) === true) return 'sound';
    return kept?.unchecked.has(indexOf(block)) === true ? 'unchecked' : 'absent';
  }

  /** Blocks that the journal tells of and nobody has checked yet. */
  *unchecked(): Generator<number> {
    for (const [segmentIndex, { unchecked }] of this.#segments) {
      for (let index = 0; index < BLOCKS_PER_SEGMENT; index++) {
        if (unchecked.has(index)) yield segmentIndex * BLOCKS_PER_SEGMENT + index;
      }
    }
  }

  /** The hash that was noted with a block, of a content whose origin tells none. */
  blockHash(block: number): Digest {
    const start = indexOf(block) * DIGEST_BYTES;
    return this.#segment(segmentOf(block)).blockHashes.subarray(start, start + DIGEST_BYTES);
  }

  /** The block was written and synced. */
  add(block: number, blockHash: Digest | undefined): void {
    const kept = this.#segment(segmentOf(block));
    kept.sound.add(indexOf(block));
    kept.unchecked.delete(indexOf(block));
    if (blockHash !== undefined) kept.blockHashes.set(blockHash, indexOf(block) * DIGEST_BYTES);
    this.#changed.add(segmentOf(block));
  }

  /** The block was looked at again. */
  checked(block: number, isSound: boolean): void {
    const kept = this.#segment(segmentOf(block));
    kept.unchecked.delete(indexOf(block));
    if (isSound) kept.sound.add(indexOf(block));
    else this.#changed.add(segmentOf(block));
  }

  /** Segments that differ from what the journal has, as it is to have them; then none do. */
  takeChanged(): KeptSegment[] {
    const changed = Array.from(this.#changed, (segmentIndex) => this.#journaled(segmentIndex));
    this.#changed.clear();
    return changed;
  }

  /** What was taken could not be journaled. */
  giveBack(taken: readonly KeptSegment[]): void {
    for (const { segmentIndex } of taken) this.#changed.add(segmentIndex);
  }

  #journaled(segmentIndex: number): KeptSegment {
    const { sound, unchecked, blockHashes } = this.#segment(segmentIndex);
    const blocks = sound.toBytes();
    for (const [at, bits] of unchecked.toBytes().entries()) blocks[at] = (blocks[at] ?? 0) | bits;
    return { segmentIndex, blocks, blockHashes: this.#hasHashes ? blockHashes.slice() : undefined };
  }

  #segment(segmentIndex: number): Kept {
    let kept = this.#segments.get(segmentIndex);
    if (kept === undefined) {
      kept = {
        sound: new BlockSet(BLOCKS_PER_SEGMENT),
        unchecked: new BlockSet(BLOCKS_PER_SEGMENT),
        blockHashes: new Uint8Array(this.#hasHashes ? BLOCKS_PER_SEGMENT * DIGEST_BYTES : 0),
      };
      this.#segments.set(segmentIndex, kept);
    }
    return kept;
  }
}

function segmentOf(block: number): number {
  return Math.floor(block / BLOCKS_PER_SEGMENT);
}

function indexOf(block: number): number {
  return block % BLOCKS_PER_SEGMENT;
}
