import { setTimeout as sleep } from 'node:timers/promises';
import { SECOND_MS } from '@peer-cache/core';
import type { Finder, FoundPeer, PeerAddress, SegmentLookup } from '@peer-cache/discovery';

/** Who knows neighbours already multicasts no more often than this, for all contents together. */
const LEAST_INTERVAL_MS = 1 * SECOND_MS;
/** Nobody answered and nobody is known: a moment later there is still nobody. */
const LONELY_MS = 10 * SECOND_MS;
/** Segments of one search: some packets. */
const MOST_TOGETHER = 188;

interface Waiting {
  readonly lookups: readonly SegmentLookup[];
  readonly found: (peer: FoundPeer) => void;
  readonly ended: () => void;
  readonly signal: AbortSignal;
}

/** Asks the finder for all downloads of this agent together, so that many small ones cost few packets. */
export class Lookups {
  readonly #finder: Finder;
  readonly #now: () => number;
  #waiting: Waiting[] = [];
  #isScheduled = false;
  #lastMs = Number.NEGATIVE_INFINITY;
  #lonelyMs = Number.NEGATIVE_INFINITY;

  constructor(finder: Finder, now: () => number) {
    this.#finder = finder;
    this.#now = now;
  }

  /** Peers that are about, whatever they have: to be asked without any search. */
  known(): readonly PeerAddress[] {
    return this.#finder.neighbours();
  }

  /** Whether a search begins at once, not together with others a little later. */
  get isPrompt(): boolean {
    return this.known().length === 0 || this.#now() - this.#lastMs >= LEAST_INTERVAL_MS;
  }

  /** Whether a search shortly before found nobody at all. */
  get wasLonely(): boolean {
    return this.#now() - this.#lonelyMs < LONELY_MS;
  }

  /** Looks segments up, soon; resolves when nobody is likely to answer any more. Never throws. */
  async find(
    lookups: readonly SegmentLookup[],
    found: (peer: FoundPeer) => void,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    if (lookups.length === 0 || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ lookups, found, ended: resolve, signal });
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (!this.#isScheduled) void this.#schedule();
    await promise;
  }

  async #schedule(): Promise<void> {
    this.#isScheduled = true;
    const isHurried = this.known().length === 0;
    const pauseMs = isHurried ? 0 : this.#lastMs + LEAST_INTERVAL_MS - this.#now();
    await sleep(Math.max(0, pauseMs), undefined, { ref: false });
    this.#isScheduled = false;
    this.#lastMs = this.#now();
    const waiting = this.#waiting.filter(({ signal }) => !signal.aborted);
    this.#waiting = [];
    for (const batch of batches(waiting)) void this.#search(batch);
  }

  async #search(batch: readonly Waiting[]): Promise<void> {
    const lookups = batch.flatMap((each) => each.lookups);
    const left = new AbortController();
    const goOn = (): void => {
      if (batch.every(({ signal }) => signal.aborted)) left.abort();
    };
    for (const { signal } of batch) signal.addEventListener('abort', goOn, { once: true });
    let isLonely = true;
    try {
      for await (const peer of this.#finder.find(lookups, { signal: left.signal })) {
        isLonely = false;
        handOut(peer, batch);
      }
    } finally {
      for (const { signal } of batch) signal.removeEventListener('abort', goOn);
    }
    if (!left.signal.aborted) this.#lonelyMs = isLonely ? this.#now() : Number.NEGATIVE_INFINITY;
    for (const { ended } of batch) ended();
  }
}

/** Gives each its part of what a peer has. */
function handOut({ address, holds }: FoundPeer, batch: readonly Waiting[]): void {
  let first = 0;
  for (const { lookups, found } of batch) {
    const end = first + lookups.length;
    const start = first;
    const own = holds?.filter((place) => place >= start && place < end);
    if (own === undefined) found({ address, holds: undefined });
    else if (own.length > 0) found({ address, holds: own.map((place) => place - start) });
    first = end;
  }
}

function* batches(waiting: readonly Waiting[]): Generator<Waiting[]> {
  let batch: Waiting[] = [];
  let count = 0;
  for (const each of waiting) {
    if (batch.length > 0 && count + each.lookups.length > MOST_TOGETHER) {
      yield batch;
      batch = [];
      count = 0;
    }
    batch.push(each);
    count += each.lookups.length;
  }
  if (batch.length > 0) yield batch;
}
