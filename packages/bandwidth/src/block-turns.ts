import type { Turn, TurnUse } from './turn.ts';

/** The turns of a transfer that takes one block after the other from its origin. */
export class BlockTurns implements Disposable {
  readonly #turn: Turn;
  readonly #signal: AbortSignal;
  #use: TurnUse | undefined;

  /** While a turn is waited for, `signal` ends the wait with its reason. */
  constructor(turn: Turn, { signal }: { readonly signal: AbortSignal }) {
    this.#turn = turn;
    this.#signal = signal;
  }

  /** Resolves when it is the turn of some blocks, at most so many; at once where it is already. */
  async begin(mostBlocks = 1): Promise<number> {
    if (this.#use !== undefined || this.#ask(mostBlocks)) return this.#granted;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => reject(this.#signal.reason);
    // Asked within the call: whoever asks later is passed over.
    using _ = this.#turn.onFree(() => {
      if (this.#use !== undefined || this.#ask(mostBlocks)) resolve();
    });
    this.#signal.throwIfAborted();
    this.#signal.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      this.#signal.removeEventListener('abort', onAbort);
    }
    return this.#granted;
  }

  received(bytes: number): void {
    this.#use?.received(bytes);
  }

  /** The block is over, or its request is. */
  end(): void {
    this.#use?.[Symbol.dispose]();
    this.#use = undefined;
  }

  [Symbol.dispose](): void {
    this.end();
  }

  get #granted(): number {
    return this.#use?.blocks ?? 1;
  }

  #ask(blocks: number): boolean {
    this.#use = this.#turn.ask('origin', blocks);
    return this.#use !== undefined;
  }
}
