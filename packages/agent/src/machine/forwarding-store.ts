import type { EventEmitter } from 'node:events';
import type { BlockSet, SegmentKeys, VerifiedBlock } from '@peer-cache/core';
import { StoreFullError } from '@peer-cache/store';
import type {
  BlockStore,
  BlockToStore,
  SealedRun,
  SegmentCheck,
  SegmentDescription,
  SegmentFacts,
  StoredSegment,
  StoreEvents,
  StoreLimits,
  StoreUsage,
} from '@peer-cache/store';
import type { MachineLink } from './machine-link.ts';
import { SegmentForwarder } from './segment-forwarder.ts';

/**
 * The store of an agent that has none of its own: keeps what fits in a small one, and brings
 * everything to the machine's. What did not fit here is fetched from there again.
 */
export class ForwardingStore implements BlockStore {
  readonly #own: BlockStore;
  readonly #link: Pick<MachineLink, 'keep'>;

  /** Owns `own`, and only uses `link`. */
  constructor({ own, link }: { readonly own: BlockStore; readonly link: ForwardingLink }) {
    this.#own = own;
    this.#link = link;
  }

  get events(): EventEmitter<StoreEvents> {
    return this.#own.events;
  }

  get limits(): StoreLimits {
    return this.#own.limits;
  }

  open(description: SegmentDescription): StoredSegment {
    const forwarder = new SegmentForwarder(this.#link, description);
    return new ForwardingSegment(this.#own.open(description), forwarder);
  }

  find(segmentId: Uint8Array): StoredSegment | undefined {
    return this.#own.find(segmentId);
  }

  proofKeyOf(segmentId: Uint8Array): Uint8Array | undefined {
    return this.#own.proofKeyOf(segmentId);
  }

  setPinned(segmentId: Uint8Array, isPinned: boolean): void {
    this.#own.setPinned(segmentId, isPinned);
  }

  usage(): StoreUsage {
    return this.#own.usage();
  }

  segments(): SegmentFacts[] {
    return this.#own.segments();
  }

  async check(
    segmentId: Uint8Array,
    options: { readonly signal: AbortSignal },
  ): Promise<SegmentCheck | undefined> {
    return await this.#own.check(segmentId, options);
  }

  async clear(): Promise<void> {
    await this.#own.clear();
  }

  async evictAged(): Promise<void> {
    await this.#own.evictAged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#own[Symbol.asyncDispose]();
  }
}

export type ForwardingLink = Pick<MachineLink, 'keep'>;

class ForwardingSegment implements StoredSegment {
  readonly #own: StoredSegment;
  readonly #forwarder: SegmentForwarder;
  /** Of a segment for which there was no room here. */
  #blockHashList: Uint8Array | undefined;

  constructor(own: StoredSegment, forwarder: SegmentForwarder) {
    this.#own = own;
    this.#forwarder = forwarder;
  }

  get keys(): SegmentKeys {
    return this.#own.keys;
  }

  get sizeBytes(): number {
    return this.#own.sizeBytes;
  }

  get blocks(): BlockSet {
    return this.#own.blocks;
  }

  get version(): number {
    return this.#own.version;
  }

  get blockHashList(): Uint8Array | undefined {
    return this.#own.blockHashList ?? this.#blockHashList;
  }

  async putBlockHashList(blockHashList: Uint8Array): Promise<void> {
    await asFarAsItFits(() => this.#own.putBlockHashList(blockHashList));
    this.#blockHashList = blockHashList;
    await this.#forwarder.introduce(blockHashList);
  }

  async put(blocks: readonly BlockToStore[]): Promise<void> {
    const { blockHashList } = this;
    const isKeptHere = this.#own.blockHashList !== undefined || blockHashList === undefined;
    if (isKeptHere) await asFarAsItFits(() => this.#own.put(blocks));
    if (blockHashList !== undefined) await this.#forwarder.forward(blocks, blockHashList);
  }

  async readSealed(
    run: Parameters<StoredSegment['readSealed']>[0],
  ): Promise<SealedRun | undefined> {
    return await this.#own.readSealed(run);
  }

  async read(blockIndex: number): Promise<VerifiedBlock | undefined> {
    return await this.#own.read(blockIndex);
  }

  [Symbol.dispose](): void {
    this.#own[Symbol.dispose]();
  }
}

/** Three segments in hand are more than the small store holds. */
async function asFarAsItFits(put: () => Promise<void>): Promise<void> {
  try {
    await put();
  } catch (error) {
    if (!(error instanceof StoreFullError)) throw error;
  }
}
