import type { Limits, Taker } from './limits.ts';

/** Resolves after a time in milliseconds, or never without one; at once when the signal is aborted. */
export type Sleep = (ms: number | undefined, signal: AbortSignal) => Promise<void>;

/** How many bytes leave is wanted for. */
export interface Wanted {
  /** Waited for. */
  readonly least: number;
  /** Taken where it can be had at once. */
  readonly most: number;
}

/** Limits among peers go by no priority. */
const ANYBODY: Taker = { priority: 'normal' };

type WaitableLimits = Pick<Limits, 'take' | 'giveBack' | 'explain' | 'onChange'>;

/** Limits as something that can be waited for; those among peers, unless it is said for whom. */
export class Pace {
  readonly #limits: WaitableLimits;
  readonly #sleep: Sleep;
  readonly #who: () => Taker;

  constructor(
    limits: WaitableLimits,
    sleep: Sleep = sleepUnlessAborted,
    who: () => Taker = () => ANYBODY,
  ) {
    this.#limits = limits;
    this.#sleep = sleep;
    this.#who = who;
  }

  /** Bytes per second; 0 while nothing may go, undefined while everything may. */
  get rate(): number | undefined {
    return this.#limits.explain(this.#who())[0]?.bytesPerSecond;
  }

  /** Leave for so many bytes, when it can be had. Rejects with the signal's reason. */
  async take({ least, most }: Wanted, { signal }: { signal: AbortSignal }): Promise<number> {
    let bytes = 0;
    while (bytes < least) {
      if (signal.aborted) this.giveBack(bytes);
      signal.throwIfAborted();
      const leave = this.#limits.take(this.#who(), most - bytes);
      if ('bytes' in leave) bytes += leave.bytes;
      else await this.#changed(leave.retryMs, signal);
    }
    return bytes;
  }

  /** Returns what was taken and not used. */
  giveBack(bytes: number): void {
    this.#limits.giveBack(this.#who(), bytes);
  }

  /** After the time, or when a limit is another. */
  async #changed(retryMs: number | undefined, signal: AbortSignal): Promise<void> {
    const change = new AbortController();
    using _listening = this.#limits.onChange(() => change.abort());
    await this.#sleep(retryMs, AbortSignal.any([signal, change.signal]));
  }
}

/** See {@link Sleep}. */
export async function sleepUnlessAborted(
  ms: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onAbort = (): void => resolve();
  const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) resolve();
  await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', onAbort);
}
