import type { Pacing, RequestLeave } from '@peer-cache/bandwidth';
import { freeLeave } from '@peer-cache/bandwidth';

interface Given {
  readonly way: string;
  readonly bytes: number;
  wasSent: boolean;
  receivedBytes: number;
  disposals: number;
}

/** Gives leave for so many bytes at a time, in this order, again and again; and keeps account of it. */
export class CountedPacing implements Pacing {
  readonly given: Given[] = [];
  /** Until it is opened nobody is given any more. */
  isClosed = false;
  mostUnderWay = 0;
  readonly #sizes: readonly number[];
  readonly #waiting = new Set<() => void>();

  constructor(...sizes: number[]) {
    this.#sizes = sizes;
  }

  get underWay(): number {
    return this.given.filter(({ disposals }) => disposals === 0).length;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether each leave was given back, once. */
  get isSettled(): boolean {
    return this.given.every(({ disposals }) => disposals === 1);
  }

  mayFetch(): boolean {
    return true;
  }

  async pass(): Promise<void> {
    // Nothing is limited.
  }

  async send(_way: string, mostBytes: number): Promise<number> {
    return mostBytes;
  }

  probed(): void {
    // Nothing is sent.
  }

  want(): void {
    // There is nobody else.
  }

  isFree(): boolean {
    return false;
  }

  open(): void {
    this.isClosed = false;
    for (const resolve of this.#waiting) resolve();
  }

  async leave(
    way: string,
    mostBytes: number,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<RequestLeave> {
    while (this.isClosed) await this.#opened(signal);
    signal.throwIfAborted();
    const size = this.#sizes[this.given.length % this.#sizes.length] ?? mostBytes;
    const bytes = Math.min(mostBytes, size);
    const given: Given = { way, bytes, wasSent: false, receivedBytes: 0, disposals: 0 };
    this.given.push(given);
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    return {
      ...freeLeave(bytes),
      sent: () => {
        given.wasSent = true;
      },
      received: (count) => {
        given.receivedBytes += count;
      },
      [Symbol.dispose]: () => {
        given.disposals++;
      },
    };
  }

  async #opened(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiting.add(resolve);
    try {
      await promise;
    } finally {
      this.#waiting.delete(resolve);
      signal.removeEventListener('abort', onAbort);
    }
  }
}
