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

  /** Resolves when it is the turn of one block; at once where it is already. */
  async begin(): Promise<void> {
    if (this.#use !== undefined || this.#ask()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => reject(this.#signal.reason);
    // Asked within the call: whoever asks later is passed over.
    using _ = this.#turn.onFree(() => {
      if (this.#use !== undefined || this.#ask()) resolve();
    });
    this.#signal.throwIfAborted();
    this.#signal.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      this.#signal.removeEventListener('abort', onAbort);
    }
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

  #ask(): boolean {
    this.#use = this.#turn.ask('origin', 1);
    return this.#use !== undefined;
  }
}
