import { BLOCK_BYTES, SECOND_MS } from '@peer-cache/core';
import { PeerSilentError } from './errors.ts';
import { isLong, LONGEST_BLOCK_MS } from './leaving.ts';
import type { Supplier } from './supplier.ts';
import type { WorkRun } from './work.ts';

/** An idle peer takes over the rest of a run whose peer has taken this long for it. */
const SLOW_RUN_MS = 1 * SECOND_MS;
/** A peer that brings no whole block for so long is left, however busily bytes drip in. */
const STALLED_MS = 2 * SECOND_MS;
/** Why a flight was given up whose supplier did nothing wrong. */
const RELIEVED = Symbol('relieved');
const LEFT = Symbol('left');

/** A run on its way from a supplier. */
export interface Flight {
  readonly run: WorkRun;
  readonly supplier: Supplier;
  readonly giveUp: AbortController;
  readonly startedMs: number;
  lastBlockMs: number;
  receivedBytes: number;
  /** Given up when its next block is here. */
  isLast: boolean;
}

/** All runs that are on their way, and which of them take too long. */
export class Flights {
  readonly #all = new Set<Flight>();
  #leftMs: number | undefined;

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  start(run: WorkRun, supplier: Supplier): Flight {
    const startedMs = performance.now();
    const giveUp = new AbortController();
    const times = { startedMs, lastBlockMs: startedMs };
    const flight: Flight = { run, supplier, giveUp, ...times, receivedBytes: 0, isLast: false };
    this.#all.add(flight);
    return flight;
  }

  end(flight: Flight): void {
    this.#all.delete(flight);
  }

  countOf(supplier: Supplier): number {
    let count = 0;
    for (const flight of this.#all) if (flight.supplier === supplier) count++;
    return count;
  }

  /** Gives up what peers have stopped bringing. */
  leaveStalled(): void {
    const latest = performance.now() - STALLED_MS;
    for (const { supplier, lastBlockMs, giveUp } of this.#all) {
      if (supplier.source.kind !== 'peer' || lastBlockMs > latest) continue;
      giveUp.abort(new PeerSilentError(supplier.source.name, STALLED_MS));
    }
  }

  /** Takes one run that takes its peer too long away from it, where `isUseful` says so. */
  relieveSlow(isUseful: (run: WorkRun) => boolean): void {
    const latest = performance.now() - SLOW_RUN_MS;
    for (const { run, supplier, startedMs, giveUp } of this.#all) {
      if (supplier.source.kind !== 'peer' || startedMs > latest || !isUseful(run)) continue;
      supplier.relieved();
      giveUp.abort(RELIEVED);
      return;
    }
  }

  /** Ends them all soon: the short ones by themselves, the others with the block that comes next. */
  leave(): void {
    const nowMs = performance.now();
    this.#leftMs ??= nowMs;
    for (const flight of this.#all) {
      const { run, startedMs, receivedBytes, giveUp } = flight;
      const leftBytes = run.count * BLOCK_BYTES - receivedBytes;
      if (isLong({ startedMs, receivedBytes, leftBytes }, nowMs)) flight.isLast = true;
      if (nowMs - this.#leftMs > LONGEST_BLOCK_MS) giveUp.abort(LEFT);
    }
  }

  /** A block of a flight came: whatever was decided on it takes effect at this edge. */
  landed(flight: Flight, bytes: number): void {
    flight.lastBlockMs = performance.now();
    flight.receivedBytes += bytes;
    if (flight.isLast) flight.giveUp.abort(LEFT);
  }

  wasRelieved({ giveUp }: Flight): boolean {
    return giveUp.signal.reason === RELIEVED;
  }
}
