import { StoreFullError, WrappedSegment, WrappedStore } from '@peer-cache/store';
import type {
  BlockStore,
  BlockToStore,
  SegmentDescription,
  StoredSegment,
} from '@peer-cache/store';
import type { MachineLink } from './machine-link.ts';
import { SegmentForwarder } from './segment-forwarder.ts';

export type ForwardingLink = Pick<MachineLink, 'keep'>;

/**
 * The store of an agent that has none of its own: keeps what fits in a small one, and brings
 * everything to the machine's. What did not fit here is fetched from there again.
 */
export class ForwardingStore extends WrappedStore {
  readonly #link: ForwardingLink;

  /** Owns `own`, and only uses `link`. */
  constructor({ own, link }: { readonly own: BlockStore; readonly link: ForwardingLink }) {
    super(own);
    this.#link = link;
  }

  override open(description: SegmentDescription): StoredSegment {
    const forwarder = new SegmentForwarder(this.#link, description);
    return new ForwardingSegment(this.inner.open(description), forwarder);
  }
}

class ForwardingSegment extends WrappedSegment {
  readonly #forwarder: SegmentForwarder;
  /** Of a segment for which there was no room here. */
  #blockHashList: Uint8Array | undefined;

  constructor(own: StoredSegment, forwarder: SegmentForwarder) {
    super(own);
    this.#forwarder = forwarder;
  }

  override get blockHashList(): Uint8Array | undefined {
    return this.inner.blockHashList ?? this.#blockHashList;
  }

  override async putBlockHashList(blockHashList: Uint8Array): Promise<void> {
    await asFarAsItFits(() => this.inner.putBlockHashList(blockHashList));
    this.#blockHashList = blockHashList;
    await this.#forwarder.introduce(blockHashList);
  }

  override async put(blocks: readonly BlockToStore[]): Promise<void> {
    const { blockHashList } = this;
    const isKeptHere = this.inner.blockHashList !== undefined || blockHashList === undefined;
    if (isKeptHere) await asFarAsItFits(() => this.inner.put(blocks));
    if (blockHashList !== undefined) await this.#forwarder.forward(blocks, blockHashList);
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
