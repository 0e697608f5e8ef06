import { setTimeout as sleep } from 'node:timers/promises';
import { PeerCacheError, SECOND_MS } from '@peer-cache/core';

/** Without progress between them; after that the job waits, and tries again. */
const MOST_FAILURES = 3;
const FIRST_WAIT_MS = 0.25 * SECOND_MS;

/** Counts what fails in a row, and says how often something is tried again at once. */
export class Tries {
  #failures = 0;

  /** Something came of the last one. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Counts one; whether that was one too many. */
  count(): boolean {
    return ++this.#failures > MOST_FAILURES;
  }

  /**
   * Waits before another try, or throws what none can mend; shorter where it is told to end, and
   * then with the reason of `signal`, or the error where it is only left.
   */
  async failed(
    error: unknown,
    { signal, leave }: { readonly signal: AbortSignal; readonly leave: AbortSignal },
  ): Promise<void> {
    signal.throwIfAborted();
    const isTransient = error instanceof PeerCacheError && error.transient;
    if (!isTransient || leave.aborted || this.count()) throw error;
    const waitMs = FIRST_WAIT_MS * 2 ** (this.#failures - 1);
    try {
      await sleep(waitMs, undefined, { signal: AbortSignal.any([signal, leave]) });
    } catch {
      // Why it is over says the signal.
    }
    signal.throwIfAborted();
    if (leave.aborted) throw error;
  }
}
