import { SECOND_MS } from '@peer-cache/core';
import { shownUrl, TransferLeftError } from '@peer-cache/transport';

/** A request that is over so soon may end by itself when its transfer is left. */
const ENDS_BY_ITSELF_MS = 250;
/** A block that takes longer to come whole is not waited for. */
export const LONGEST_BLOCK_MS: number = 2 * SECOND_MS;

/** A request that is under way. */
export interface UnderWay {
  readonly startedMs: number;
  readonly receivedBytes: number;
  /** Infinity where the length isn't known. */
  readonly leftBytes: number;
}

/** Whether a request goes on for longer than a transfer that is left may, at its rate so far. Pure. */
export function isLong({ startedMs, receivedBytes, leftBytes }: UnderWay, nowMs: number): boolean {
  if (receivedBytes === 0 || leftBytes === Infinity) return true;
  const msPerByte = (nowMs - startedMs) / receivedBytes;
  return leftBytes * msPerByte > ENDS_BY_ITSELF_MS;
}

/** `leave`, with the error that a transfer of this URL ends with as its reason. Until disposed. */
export class Leaving implements Disposable {
  readonly signal: AbortSignal;
  readonly #leave: AbortSignal | undefined;
  readonly #onLeave: () => void;

  constructor(leave: AbortSignal | undefined, url: string) {
    const left = new AbortController();
    this.signal = left.signal;
    this.#leave = leave;
    this.#onLeave = () => left.abort(new TransferLeftError(shownUrl(url)));
    leave?.addEventListener('abort', this.#onLeave, { once: true });
    if (leave?.aborted === true) this.#onLeave();
  }

  [Symbol.dispose](): void {
    this.#leave?.removeEventListener('abort', this.#onLeave);
  }
}

/**
 * Asks with a signal that aborts at `leave` too, but only until there is an answer: what is then
 * still on its way comes to its end, or to a block's edge.
 */
export async function untilAnswered<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  { signal, leave }: { readonly signal: AbortSignal; readonly leave: AbortSignal },
): Promise<T> {
  const asking = new AbortController();
  const onLeave = (): void => asking.abort(leave.reason);
  leave.throwIfAborted();
  leave.addEventListener('abort', onLeave, { once: true });
  try {
    return await ask(AbortSignal.any([signal, asking.signal]));
  } finally {
    leave.removeEventListener('abort', onLeave);
  }
}
