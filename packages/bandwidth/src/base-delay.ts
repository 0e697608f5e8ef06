import { MINUTE_MS, SECOND_MS } from '@peer-cache/core';

/** Least delays are kept for spans of so long… */
const SPAN_MS = 10 * SECOND_MS;
/** …and forgotten after so long: a way that became longer is believed by then. */
const MEMORY_MS = 5 * MINUTE_MS;
/** So many delays in a row, over so long, that hardly differ are those of another, longer way. */
const STEADY_COUNT = 12;
const STEADY_MS = 6 * SECOND_MS;
/** What fills a buffer swings by far more. */
const STEADY_SPREAD_MS = 2;
const STEADY_SPREAD_SHARE = 0.03;
const STEADY_PART = 0.75;

interface Span {
  readonly startMs: number;
  leastMs: number;
}

/**
 * How long an answer takes where nothing waits on the way: the least of the last minutes
 * (RFC 6817 §2.4.2, `BASE_HISTORY`). What is more than that is time spent in queues.
 */
export class BaseDelay {
  readonly #spans: Span[] = [];
  readonly #lone: { readonly atMs: number; readonly delayMs: number }[] = [];

  /** Undefined before the first sample. */
  get ms(): number | undefined {
    let least: number | undefined;
    for (const { leastMs } of this.#spans) {
      if (least === undefined || leastMs < least) least = leastMs;
    }
    return least;
  }

  note(delayMs: number, nowMs: number): void {
    const last = this.#spans.at(-1);
    if (last !== undefined && nowMs - last.startMs < SPAN_MS) {
      last.leastMs = Math.min(last.leastMs, delayMs);
      return;
    }
    this.#spans.push({ startMs: nowMs, leastMs: delayMs });
    while (nowMs - (this.#spans[0]?.startMs ?? nowMs) > MEMORY_MS) this.#spans.shift();
  }

  /**
   * A sample while nothing of our own was under way. Where all of them are the same for a while,
   * the way has become longer: others' queues are never that still.
   */
  noteAlone(delayMs: number, nowMs: number): void {
    this.note(delayMs, nowMs);
    this.#lone.push({ atMs: nowMs, delayMs });
    const isOver = (at: number): boolean => nowMs - (this.#lone[at]?.atMs ?? nowMs) >= STEADY_MS;
    // Only what is not needed for either: tries may be so close that more of them make up the time.
    while (this.#lone.length > STEADY_COUNT && isOver(1)) this.#lone.shift();
    if (this.#lone.length < STEADY_COUNT || !isOver(0)) return;
    const delays = this.#lone.map((each) => each.delayMs).toSorted((a, b) => a - b);
    const [least = 0] = delays;
    // A few are late because this process or the server was.
    const usual = delays[Math.floor(delays.length * STEADY_PART)] ?? least;
    const spreadMs = Math.max(STEADY_SPREAD_MS, least * STEADY_SPREAD_SHARE);
    if (usual - least > spreadMs) return;
    this.#lone.length = 0;
    this.#spans.length = 0;
    this.note(least, nowMs);
  }
}
