import { BlockSet } from '@peer-cache/core';
import { fileStamp, stampsEqual } from './file-stamp.ts';
import type { FileStamp } from './file-stamp.ts';

/**
 * Which blocks of a segment file can be given out without a check: we wrote or checked them, and
 * since then nobody else has touched the file. What the stamp can't see (a change in the same tick
 * as our own write) the receiver's check does, who then asks with `isSuspect`.
 */
export class SoundBlocks {
  #blocks: BlockSet;
  #stamp: FileStamp | undefined;
  #isWriting = false;
  #epoch = 0;

  constructor(blockCount: number) {
    this.#blocks = new BlockSet(blockCount);
  }

  /** Grows whenever what was sound before may be so no more. */
  get epoch(): number {
    return this.#epoch;
  }

  hasRun(firstBlock: number, count: number): boolean {
    return this.#blocks.runLength(firstBlock, count) === count;
  }

  /**
   * Looks whether the file was changed from outside, and gives the epoch. Bytes read between two
   * looks that give the same epoch are what the file held all that time.
   */
  observe(fd: number): number {
    // While our own write is under way the stamp moves by itself; duringWrite takes the new one.
    if (this.#isWriting) return this.#epoch;
    const stamp = fileStamp(fd);
    if (!stampsEqual(this.#stamp, stamp)) {
      this.#stamp = stamp;
      this.#blocks = new BlockSet(this.#blocks.blockCount);
      this.#epoch++;
    }
    return this.#epoch;
  }

  add(blockIndexes: Iterable<number>): void {
    for (const blockIndex of blockIndexes) this.#blocks.add(blockIndex);
  }

  delete(blockIndex: number): void {
    this.#blocks.delete(blockIndex);
    this.#epoch++;
  }

  /** Does our own write, which must not pass for a change from outside. */
  async duringWrite<T>(fd: number, write: () => Promise<T>): Promise<T> {
    this.observe(fd);
    this.#isWriting = true;
    try {
      return await write();
    } finally {
      this.#isWriting = false;
      this.#stamp = fileStamp(fd);
    }
  }
}
