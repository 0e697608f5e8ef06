import { MINUTE_MS, PeerCacheError, SECOND_MS, asError } from '@peer-cache/core';
import { OriginBusyError, OriginFailedError, OriginUnreachableError } from '@peer-cache/transport';

const RUNS_AT_ONCE = 4;
const FIRST_BACK_OFF_MS = 0.5 * SECOND_MS;
const MOST_BACK_OFF_MS = 15 * SECOND_MS;
const MOST_CUT_BACK_OFF_MS = 1 * SECOND_MS;
const DEFAULT_MOST_FAILURES = 5;
/** A caller waits at a terminal: an origin that wants to be left alone for longer is an error. */
const MOST_RETRY_AFTER_MS = 1 * MINUTE_MS;

export interface LaneOptions {
  /** 5: with their back-off, about a quarter of a minute. */
  readonly mostFailures?: number | undefined;
  /** 0: failures that may pass are borne for so long, however many they are. */
  readonly patienceMs?: number;
}

/** When the origin may be asked, and when its failures are final. Pure but for the clock. */
export class OriginLane {
  readonly #now: () => number;
  readonly #mostFailures: number;
  readonly #patienceMs: number;
  #failuresInARow = 0;
  #firstFailureMs = 0;
  #notBeforeMs = 0;
  #failure: Error | undefined;

  /** `mostFailures` in a row, without a byte between them, are borne; the next is final. */
  constructor(
    now: () => number,
    { mostFailures = DEFAULT_MOST_FAILURES, patienceMs = 0 }: LaneOptions = {},
  ) {
    this.#now = now;
    this.#patienceMs = patienceMs;
    this.#mostFailures = mostFailures;
  }

  /** The error that the download ends with unless peers have the rest; undefined while there is hope. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Whether its last word was a failure. */
  get isTroubled(): boolean {
    return this.#failuresInARow > 0;
  }

  /** Requests that may be under way now. */
  get mostRuns(): number {
    if (this.#failure !== undefined || this.#now() < this.#notBeforeMs) return 0;
    // After a failure one request tries whether it is over.
    return this.#failuresInARow > 0 ? 1 : RUNS_AT_ONCE;
  }

  delivered(): void {
    this.#failuresInARow = 0;
  }

  failed(error: unknown): void {
    if (this.#failuresInARow === 0) this.#firstFailureMs = this.#now();
    this.#failuresInARow++;
    const hasPatience = this.#now() - this.#firstFailureMs < this.#patienceMs;
    const isTransient = error instanceof PeerCacheError && error.transient;
    const retryMs = retryMsOf(error);
    if (
      !isTransient ||
      (this.#failuresInARow > this.#mostFailures && !hasPatience) ||
      retryMs > MOST_RETRY_AFTER_MS
    ) {
      this.#failure ??= asError(error);
      return;
    }
    const backOffMs = FIRST_BACK_OFF_MS * 2 ** (this.#failuresInARow - 1);
    // A line that was cut is to be used again as soon as it is back.
    const isCut = error instanceof OriginUnreachableError && this.#patienceMs > 0;
    const mostMs = isCut ? MOST_CUT_BACK_OFF_MS : MOST_BACK_OFF_MS;
    this.#notBeforeMs = this.#now() + Math.max(retryMs, Math.min(backOffMs, mostMs));
  }
}

/** What `Retry-After` named, whatever the status. */
function retryMsOf(error: unknown): number {
  const isTelling = error instanceof OriginBusyError || error instanceof OriginFailedError;
  return isTelling ? (error.retryMs ?? 0) : 0;
}
