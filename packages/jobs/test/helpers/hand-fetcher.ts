import { BLOCK_BYTES } from '@peer-cache/core';
import type { ContentSink, FetchedContent, FetchOptions } from '@peer-cache/download';
import { TransferLeftError } from '@peer-cache/transport';
import type { ContentFetcher } from '../../src/file/file-transfer.ts';

/** A transfer that goes on as it is told. */
export interface Fetching {
  readonly url: string;
  readonly options: FetchOptions;
  /** Says what comes, as the first answer of an origin does. */
  connect(sizeBytes: number): void;
  succeed(content: Buffer): void;
  fail(error: Error): void;
}

/** Brings nothing by itself: each transfer waits until the test says how it goes on. */
export class HandFetcher implements ContentFetcher {
  /** All so far. */
  readonly begun: Fetching[] = [];
  /** How many are under way. */
  running = 0;
  readonly #waiting: ((fetching: Fetching) => void)[] = [];
  #taken = 0;

  /** The next transfer, when it has begun. */
  async next(): Promise<Fetching> {
    const there = this.begun[this.#taken];
    this.#taken++;
    if (there !== undefined) return there;
    return await new Promise((resolve) => void this.#waiting.push(resolve));
  }

  async fetch(url: string, sink: ContentSink, options: FetchOptions): Promise<FetchedContent> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const { signal, leave, progress } = options;
    const stop = (): void => reject(new Error('stopped'));
    const left = (): void => reject(new TransferLeftError(url));
    signal?.addEventListener('abort', stop);
    leave?.addEventListener('abort', left);
    const connect = (sizeBytes: number): void => progress?.described(sizeBytes, true);
    signal?.throwIfAborted();
    if (leave?.aborted === true) throw new TransferLeftError(url);
    this.#began({ url, options, connect, succeed: resolve, fail: reject });
    this.running++;
    try {
      const content = await promise;
      connect(content.length);
      await sink.begin({ kind: 'plain', url, validator: '"1"', sizeBytes: content.length });
      for (let at = 0; at < content.length; at += BLOCK_BYTES) {
        const block = content.subarray(at, at + BLOCK_BYTES);
        await sink.write(at, block);
        progress?.received('origin', 'origin.test', block.length);
      }
      return { sizeBytes: content.length, digest: undefined };
    } finally {
      this.running--;
    }
  }

  #began(fetching: Fetching): void {
    this.begun.push(fetching);
    this.#waiting.shift()?.(fetching);
  }
}
