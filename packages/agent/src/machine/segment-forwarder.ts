import { BlockSet, blockCount } from '@peer-cache/core';
import { BLOCKS_PER_RUN } from '@peer-cache/protocol';
import type { KeepAnswer } from '@peer-cache/protocol';
import type { BlockToStore, SegmentDescription } from '@peer-cache/store';
import type { MachineLink } from './machine-link.ts';

/** Brings one segment's blocks to the machine's store, as far as that lacks them. */
export class SegmentForwarder {
  readonly #link: Pick<MachineLink, 'keep'>;
  readonly #description: SegmentDescription;
  /** That the list is there was its last word. */
  #isListThere = false;

  constructor(link: Pick<MachineLink, 'keep'>, description: SegmentDescription) {
    this.#link = link;
    this.#description = description;
  }

  /** Makes the segment known. Never throws. */
  async introduce(blockHashList: Uint8Array): Promise<void> {
    await this.#tell([], blockHashList);
  }

  /**
   * Hands blocks over; resolves when their bytes are no longer needed. Asks first what is there:
   * most blocks of a content that somebody else has fetched came from there. Never throws.
   */
  async forward(blocks: readonly BlockToStore[], blockHashList: Uint8Array): Promise<void> {
    const there = await this.#tell([], blockHashList);
    if (there === undefined) return;
    const held = BlockSet.fromBytes(blockCount(this.#description.sizeBytes), there.blocks);
    const lacking = blocks.filter(({ block }) => !held.has(block.blockIndex));
    for (let at = 0; at < lacking.length; at += BLOCKS_PER_RUN) {
      const answer = await this.#tell(lacking.slice(at, at + BLOCKS_PER_RUN), blockHashList);
      if (answer === undefined) return;
    }
  }

  async #tell(
    blocks: readonly BlockToStore[],
    blockHashList: Uint8Array,
  ): Promise<KeepAnswer | undefined> {
    const answer = await this.#keep(blocks, this.#isListThere ? undefined : blockHashList);
    // It was evicted meanwhile, or its agent started with an empty store.
    if (answer?.hasBlockHashList !== false) return answer;
    return await this.#keep(blocks, blockHashList);
  }

  async #keep(
    blocks: readonly BlockToStore[],
    blockHashList: Uint8Array | undefined,
  ): Promise<KeepAnswer | undefined> {
    const { entry, sizeBytes, serveUntilMs } = this.#description;
    const answer = await this.#link.keep({
      entry,
      sizeBytes,
      serveUntilMs: Math.max(0, Math.floor(serveUntilMs)),
      blockHashList,
      blocks: blocks.map(({ block: { blockIndex, bytes } }) => ({ blockIndex, bytes })),
    });
    this.#isListThere = answer?.hasBlockHashList === true;
    return answer;
  }
}
