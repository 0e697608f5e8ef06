import { createMemoryBlockStore, WrappedSegment, WrappedStore } from '@peer-cache/store';
import type { SealedRun, StoredSegment } from '@peer-cache/store';

type SealedRead = Parameters<StoredSegment['readSealed']>[0];

/** A store in memory that notes what it is asked, and whose reads a test can hold up or fail. */
export class NotedStore extends WrappedStore {
  /** Calls so far by which a request can learn of a segment, in order. */
  readonly calls: string[] = [];
  /** Handles that `find` gave and that were not disposed yet. */
  openHandles = 0;
  /** Every sealed read goes through this. */
  onRead = async (
    _run: SealedRead,
    read: () => Promise<SealedRun | undefined>,
  ): Promise<SealedRun | undefined> => read();

  constructor() {
    super(createMemoryBlockStore({}, { limitBytes: Number.MAX_SAFE_INTEGER }));
  }

  override find(segmentId: Uint8Array): StoredSegment | undefined {
    this.calls.push('find');
    const segment = this.inner.find(segmentId);
    return segment && new NotedSegment(this, segment);
  }

  override proofKeyOf(segmentId: Uint8Array): Uint8Array | undefined {
    this.calls.push('proofKeyOf');
    return this.inner.proofKeyOf(segmentId);
  }
}

class NotedSegment extends WrappedSegment {
  readonly #store: NotedStore;

  constructor(store: NotedStore, segment: StoredSegment) {
    super(segment);
    this.#store = store;
    store.openHandles++;
  }

  override async readSealed(run: SealedRead): Promise<SealedRun | undefined> {
    this.#store.calls.push(run.isSuspect ? 'readSealed suspect' : 'readSealed');
    return await this.#store.onRead(run, () => this.inner.readSealed(run));
  }

  override [Symbol.dispose](): void {
    this.#store.openHandles--;
    this.inner[Symbol.dispose]();
  }
}
