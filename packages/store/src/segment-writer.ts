import type { BlockSet } from '@peer-cache/core';
import { blockHashListBytes } from '@peer-cache/core';
import { isNoSpace, writeError } from './errors.ts';
import { writeBlocks } from './file-io.ts';
import { sealedRunBytes } from './sealed-layout.ts';
import type { PlacedBlock } from './sealed-layout.ts';
import type { SegmentHome } from './segment-home.ts';
import type { SoundBlocks } from './sound-blocks.ts';
import { WriteQueue } from './write-queue.ts';

/** Writes blocks into a segment's file, one write at a time, and makes room for them. */
export class SegmentWriter {
  readonly #home: SegmentHome;
  readonly #blocks: BlockSet;
  readonly #sound: SoundBlocks;
  readonly #queue = new WriteQueue<PlacedBlock>((blocks) => this.#write(blocks));

  /** What is written is added to `blocks` and `sound`. */
  constructor(home: SegmentHome, blocks: BlockSet, sound: SoundBlocks) {
    this.#home = home;
    this.#blocks = blocks;
    this.#sound = sound;
  }

  /**
   * Resolves when reads will find the blocks.
   *
   * @throws {StoreFullError} when quota or disk has no room
   * @throws {StoreUnwritableError} when the folder can't be written to
   */
  write(blocks: readonly PlacedBlock[]): Promise<void> {
    return this.#queue.add(blocks);
  }

  async #write(queued: readonly PlacedBlock[]): Promise<void> {
    // Two may have brought the same block, or the batch before had it.
    const fresh = new Map(queued.map((block) => [block.blockIndex, block]));
    const blocks = [...fresh.values()].filter(({ blockIndex }) => !this.#blocks.has(blockIndex));
    if (blocks.length === 0) return;
    const bytes = blocks.reduce((sum, { sealed }) => sum + sealed.length, 0);
    await this.#reserving(bytes, () => this.#writeOrFreeUp(blocks, bytes));
    for (const { blockIndex } of blocks) this.#blocks.add(blockIndex);
    this.#home.changed();
  }

  async #reserving(bytes: number, write: () => Promise<void>): Promise<void> {
    let reservedBytes = 0;
    try {
      const growthBytes = Math.min(bytes, this.#uncountedBytes());
      if (growthBytes > 0) reservedBytes = await this.#home.reserve(growthBytes);
      await write();
    } catch (error) {
      this.#home.release(reservedBytes);
      throw writeError(error, this.#home.folder, bytes);
    }
  }

  /** What the file can still grow: none where it was recycled, or all was here once. */
  #uncountedBytes(): number {
    const { sizeBytes, storedBytes } = this.#home.entry;
    const wholeFileBytes = sealedRunBytes(sizeBytes, 0, this.#blocks.blockCount);
    return wholeFileBytes + blockHashListBytes(sizeBytes) - storedBytes;
  }

  async #writeOrFreeUp(blocks: readonly PlacedBlock[], bytes: number): Promise<void> {
    try {
      await this.#writeToFile(blocks);
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      await this.#home.freeUp(bytes);
      await this.#writeToFile(blocks);
    }
  }

  async #writeToFile(blocks: readonly PlacedBlock[]): Promise<void> {
    using lease = await this.#home.files.lease(this.#home.entry.key, { isNew: true });
    const { file } = lease;
    await this.#sound.duringWrite(file.fd, () => writeBlocks(file, blocks));
    this.#sound.add(blocks.map(({ blockIndex }) => blockIndex));
  }
}
