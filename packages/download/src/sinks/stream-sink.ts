import { MIB } from '@peer-cache/core';
import { OriginKeepsChangingError } from '../errors.ts';
import { NOTHING_KEPT } from './kept-blocks.ts';
import type { KeptBlocks } from './kept-blocks.ts';
import type { ContentSink } from './sink.ts';

/** How far ahead of the reader blocks are fetched: bounds the memory of a stream. */
const AHEAD_BYTES = 16 * MIB;

/** Puts what arrives in any order into the order of a stream that somebody reads. */
export class StreamSink implements ContentSink {
  readonly body: ReadableStream<Uint8Array>;
  readonly keepsBytes = true;
  readonly #url: string;
  readonly #waiting = new Map<number, { bytes: Uint8Array; resolve: () => void }>();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #pull: (() => void) | undefined;
  #nextByte = 0;
  #isWanted = false;

  /** `onCancel` is called when the reader loses interest. */
  constructor(url: string, onCancel: () => void) {
    this.#url = url;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#wanted(),
        cancel: onCancel,
      },
      { highWaterMark: 0 },
    );
  }

  get horizonByte(): number {
    return this.#nextByte + AHEAD_BYTES;
  }

  /** Resolves at once while the piece is within the horizon: waiting there would stop the rest. */
  async write(startByte: number, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(startByte, { bytes, resolve });
    this.#giveOut();
    if (startByte >= this.horizonByte) await promise;
  }

  /** What was given out can't be taken back: beginning again fails after the first byte. */
  async begin(): Promise<KeptBlocks> {
    if (this.#nextByte > 0) throw new OriginKeepsChangingError(this.#url, 1);
    this.#waiting.clear();
    return NOTHING_KEPT;
  }

  /** Resolves when the reader has taken everything, and ends the stream; fails with the signal. */
  async end({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const onAbort = (): void => this.#pull?.();
    signal.addEventListener('abort', onAbort, { once: true });
    while (this.#waiting.size > 0 && !signal.aborted) {
      await new Promise<void>((resolve) => (this.#pull = resolve));
    }
    signal.removeEventListener('abort', onAbort);
    signal.throwIfAborted();
    this.#controller?.close();
  }

  fail(error: unknown): void {
    this.#controller?.error(error);
  }

  #wanted(): void {
    this.#isWanted = true;
    this.#giveOut();
  }

  #giveOut(): void {
    const next = this.#waiting.get(this.#nextByte);
    if (!this.#isWanted || next === undefined) return;
    this.#isWanted = false;
    this.#waiting.delete(this.#nextByte);
    this.#nextByte += next.bytes.length;
    this.#controller?.enqueue(next.bytes);
    next.resolve();
    this.#pull?.();
  }
}
