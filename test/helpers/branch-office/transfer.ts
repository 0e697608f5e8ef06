import type { BytesBySource } from '@peer-cache/protocol';

/** How a transfer ended; `late` is one that had to be given up. */
export type Ending = 'done' | 'failed' | 'gone' | 'late';

/** What one host has of the content, when, as its agent tells. */
export class Transfer {
  readonly sizeBytes: number;
  /** Where the content goes. */
  readonly path: string;
  readonly startedMs: number = performance.now();
  doneBytes = 0;
  bytes: BytesBySource = { store: 0, peers: 0, origin: 0 };
  ending: Ending | undefined;
  /** What it said of a failure. */
  message = '';
  endedMs: number = Number.NaN;
  longestStallMs = 0;
  #progressedMs: number | undefined;
  readonly #waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];
  readonly #ended = Promise.withResolvers<void>();

  constructor({ path, sizeBytes }: { readonly path: string; readonly sizeBytes: number }) {
    this.path = path;
    this.sizeBytes = sizeBytes;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Resolves when so much of the content is here, or the transfer has ended in whatever way. */
  async reached(share: number): Promise<void> {
    const bytes = share * this.sizeBytes;
    if (this.ending !== undefined || this.doneBytes >= bytes) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, resolve });
    await promise;
  }

  progress(doneBytes: number, bytes: BytesBySource): void {
    this.bytes = bytes;
    if (doneBytes <= this.doneBytes || this.ending !== undefined) return;
    this.doneBytes = doneBytes;
    this.#noteStall();
    this.#wake((each) => each.bytes <= doneBytes);
  }

  /** The first ending counts. */
  end(ending: Ending, message = ''): void {
    if (this.ending !== undefined) return;
    this.#noteStall();
    this.endedMs = performance.now();
    this.ending = ending;
    this.message = message;
    this.#wake(() => true);
    this.#ended.resolve();
  }

  #noteStall(): void {
    const nowMs = performance.now();
    const stallMs = nowMs - (this.#progressedMs ?? nowMs);
    this.longestStallMs = Math.max(this.longestStallMs, stallMs);
    this.#progressedMs = nowMs;
  }

  #wake(isDue: (each: { readonly bytes: number }) => boolean): void {
    for (const each of this.#waiting) if (isDue(each)) each.resolve();
  }
}
