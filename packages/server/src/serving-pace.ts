import { BLOCK_BYTES, SECOND_MS } from '@peer-cache/core';
import type { Connection } from './connection.ts';
import { ServerBusyError } from './errors.ts';

/** Leave to send bytes to other machines, which may have to be waited for. */
export interface ServingPace {
  /** Bytes per second; 0 while nothing may be sent, undefined while everything may. */
  readonly rate: number | undefined;
  /** Resolves with leave for at least `least` and at most `most` bytes. */
  take(
    wanted: { readonly least: number; readonly most: number },
    options: { readonly signal: AbortSignal },
  ): Promise<number>;
}

/** An answer that goes out under a limit. Disposed when it is over. */
export interface PacedAnswer extends Disposable {
  readonly take: ServingPace['take'];
}

/** A peer of ours takes one for silent that brings no block for 2 s. */
const MOST_BLOCK_MS = 1 * SECOND_MS;
const RETRY_MS = 1 * SECOND_MS;

/**
 * Lets no more answers be under way than each can have its next block in time: whoever would wait
 * longer is told to ask others, and doesn't have to find out.
 */
export class PacedAnswers {
  readonly #pace: ServingPace | undefined;
  #count = 0;

  constructor(pace: ServingPace | undefined) {
    this.#pace = pace;
  }

  /**
   * Begins an answer; undefined where nothing limits it: users of this machine are no other machine.
   *
   * @throws {ServerBusyError} when nothing may be sent, or so many answers share the rate already
   */
  begin({ local }: Pick<Connection, 'local'>): PacedAnswer | undefined {
    const pace = local === undefined ? undefined : this.#pace;
    const rate = pace?.rate;
    if (pace === undefined || rate === undefined) return undefined;
    const blockMs = ((this.#count + 1) * BLOCK_BYTES * SECOND_MS) / rate;
    // One at a time there always is, however slow: better than none.
    const isTooSlow = blockMs > MOST_BLOCK_MS && this.#count > 0;
    if (rate === 0 || isTooSlow) throw new ServerBusyError('bytes for peers', RETRY_MS);
    this.#count++;
    return {
      take: (wanted, options) => pace.take(wanted, options),
      [Symbol.dispose]: () => this.#count--,
    };
  }
}
