import { BlockSet, blockCount, releaseMemory, verifyBlockHashList } from '@peer-cache/core';
import type { SegmentEntry, SegmentKeys, VerifiedBlock } from '@peer-cache/core';
import type { BlockToStore, SealedRun, StoredSegment } from './block-store.ts';
import { isMissing, systemCode, writeError } from './errors.ts';
import { readFully } from './file-io.ts';
import type { SegmentBody } from './held-segment.ts';
import type { FileLease } from './open-file.ts';
import {
  fittingCount,
  openStored,
  sealedOffset,
  sealedRunBytes,
  toPlaced,
} from './sealed-layout.ts';
import type { SegmentHome } from './segment-home.ts';
import { SegmentWriter } from './segment-writer.ts';
import { SoundBlocks } from './sound-blocks.ts';

/** A segment whose sealed blocks lie at their places in a file. */
export class FileSegment implements SegmentBody {
  readonly segmentEntry: SegmentEntry;
  readonly keys: SegmentKeys;
  readonly blocks: BlockSet;
  readonly #home: SegmentHome;
  readonly #sound: SoundBlocks;
  readonly #writer: SegmentWriter;
  #blockHashList: Uint8Array | undefined;

  constructor(
    home: SegmentHome,
    stored: {
      readonly segmentEntry: SegmentEntry;
      readonly keys: SegmentKeys;
      readonly blocks?: BlockSet;
      readonly blockHashList?: Uint8Array;
    },
  ) {
    const count = blockCount(home.entry.sizeBytes);
    this.segmentEntry = stored.segmentEntry;
    this.keys = stored.keys;
    this.blocks = stored.blocks ?? new BlockSet(count);
    this.#blockHashList = stored.blockHashList;
    this.#home = home;
    this.#sound = new SoundBlocks(count);
    this.#writer = new SegmentWriter(home, this.blocks, this.#sound);
  }

  get sizeBytes(): number {
    return this.#home.entry.sizeBytes;
  }

  get version(): number {
    return this.#home.entry.version;
  }

  get blockHashList(): Uint8Array | undefined {
    return this.#blockHashList;
  }

  async putBlockHashList(blockHashList: Uint8Array): Promise<void> {
    const { segmentHash } = this.segmentEntry;
    verifyBlockHashList(blockHashList, { segmentHash, sizeBytes: this.sizeBytes });
    if (this.#blockHashList !== undefined) return;
    // A copy: the caller's bytes may be a part of a large buffer, or used again.
    this.#blockHashList = Uint8Array.from(blockHashList);
    try {
      await this.#home.reserve(blockHashList.length);
    } catch (error) {
      this.#blockHashList = undefined;
      throw writeError(error, this.#home.folder, blockHashList.length);
    }
    this.#home.changed();
  }

  async put(blocks: readonly BlockToStore[]): Promise<void> {
    const placed = blocks
      .filter(({ block }) => !this.blocks.has(block.blockIndex))
      .map((block) => toPlaced(this, block));
    if (placed.length > 0) await this.#writer.write(placed);
    for (const { sealed, isOurs } of placed) if (isOurs) releaseMemory(sealed);
  }

  async readSealed({
    firstBlock,
    count,
    isSuspect = false,
    into,
    at = 0,
  }: Parameters<StoredSegment['readSealed']>[0]): Promise<SealedRun | undefined> {
    const here = { firstBlock, count: this.blocks.runLength(firstBlock, count) };
    const fitting = into ? fittingCount(this.sizeBytes, here, into.length - at) : here.count;
    if (fitting === 0) return undefined;
    const runBytes = sealedRunBytes(this.sizeBytes, firstBlock, fitting);
    const bytes = into?.subarray(at, at + runBytes) ?? Buffer.allocUnsafe(runBytes);
    const isSound = !isSuspect && (await this.#readSound(firstBlock, fitting, bytes));
    if (isSound) return { count: fitting, bytes };
    const checked = await this.#readChecked(firstBlock, fitting, bytes);
    const good = checked.includes(undefined) ? checked.indexOf(undefined) : checked.length;
    if (good === 0) return undefined;
    return {
      count: good,
      bytes: bytes.subarray(0, sealedRunBytes(this.sizeBytes, firstBlock, good)),
    };
  }

  async read(blockIndex: number): Promise<VerifiedBlock | undefined> {
    if (!this.blocks.has(blockIndex)) return undefined;
    const bytes = Buffer.allocUnsafe(sealedRunBytes(this.sizeBytes, blockIndex, 1));
    const [block] = await this.#readChecked(blockIndex, 1, bytes);
    return block;
  }

  /** Reads blocks that need no check; false when they turn out to. */
  async #readSound(firstBlock: number, count: number, bytes: Buffer): Promise<boolean> {
    if (!this.#sound.hasRun(firstBlock, count)) return false;
    const { epoch } = this.#sound;
    const isSound = await this.#withFile(async ({ file }) => {
      const filled = await readFully(file, bytes, sealedOffset(firstBlock));
      return filled === bytes.length && this.#sound.observe(file.fd) === epoch;
    });
    return isSound ?? false;
  }

  /** Reads blocks and verifies each; the damaged ones are forgotten and undefined. */
  async #readChecked(
    firstBlock: number,
    count: number,
    bytes: Buffer,
  ): Promise<(VerifiedBlock | undefined)[]> {
    const checked = await this.#withFile(async ({ file }) => {
      const epoch = this.#sound.observe(file.fd);
      const filled = await readFully(file, bytes, sealedOffset(firstBlock));
      const blocks = Array.from({ length: count }, (_, place) => {
        const sealed = bytes.subarray(sealedOffset(place), sealedOffset(place + 1));
        const isWhole = sealedOffset(place) + sealed.length <= filled;
        return isWhole ? openStored(this, firstBlock + place, sealed) : undefined;
      });
      // Changed while we read: what is good is good, but what it says of the file is out of date.
      if (this.#sound.observe(file.fd) === epoch) this.#learn(firstBlock, blocks);
      return blocks;
    });
    return checked ?? [undefined];
  }

  #learn(firstBlock: number, checked: readonly (VerifiedBlock | undefined)[]): void {
    this.#sound.add(checked.flatMap((block) => block?.blockIndex ?? []));
    const damaged = checked
      .flatMap((block, place) => (block === undefined ? firstBlock + place : []))
      .filter((blockIndex) => this.#forget(blockIndex));
    if (damaged.length === 0) return;
    for (const blockIndex of damaged) this.#home.damaged(blockIndex);
    this.#home.changed();
  }

  /** True if the block was here. */
  #forget(blockIndex: number): boolean {
    this.#sound.delete(blockIndex);
    return this.blocks.delete(blockIndex);
  }

  async #withFile<T>(work: (lease: FileLease) => Promise<T>): Promise<T | undefined> {
    const { log, files } = this.#home;
    try {
      using lease = await files.lease(this.#home.entry.key, { isNew: false });
      return await work(lease);
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      log.warn({ segment: this.#home.entry.key.slice(0, 8), code }, 'segment file not read');
      if (isMissing(error)) this.#forgetAll();
      return undefined;
    }
  }

  #forgetAll(): void {
    for (let index = 0; index < this.blocks.blockCount; index++) this.#forget(index);
    this.#home.changed();
  }
}
