import { BLOCK_BYTES, SECOND_MS } from '@peer-cache/core';
import { RUN_BLOCKS, RUNS_PER_SEGMENT } from '@peer-cache/ownership';
import { OriginUnreachableError } from '@peer-cache/transport';
import { PeerSilentError } from './errors.ts';
import { isLong, LONGEST_BLOCK_MS } from './leaving.ts';
import type { LoopLag } from './loop-lag.ts';
import type { Share } from './share.ts';
import type { Supplier } from './supplier.ts';
import type { WorkRun } from './work.ts';

/** An idle peer takes over the rest of a run whose peer has taken this long for it and is slow. */
const SLOW_RUN_MS = 1 * SECOND_MS;
/**
 * A peer takes so long for a run, and longer than several runs usually take from the origin: what it
 * holds is better not waited for.
 */
const CRAWLING_MS = 6 * SECOND_MS;
const CRAWLING_RUNS = 2;
const CRAWLING_BY = 8;
/** What would be over so soon anyway is left: the rest of it is on its way already. */
const WORTH_RELIEVING_MS = 2 * SECOND_MS;
/** A peer that brings no whole block for so long is left, however busily bytes drip in. */
const STALLED_MS = 2 * SECOND_MS;
/** An origin that is silent for so long may be behind a line that was cut; the first byte may take longer. */
const ORIGIN_STALLED_MS = 3 * SECOND_MS;
const ORIGIN_BEGINS_MS = 10 * SECOND_MS;
/** Why a flight was given up whose supplier did nothing wrong. */
const RELIEVED = Symbol('relieved');
const LEFT = Symbol('left');

/** A run on its way from a supplier. */
export interface Flight {
  readonly run: WorkRun;
  readonly supplier: Supplier;
  readonly giveUp: AbortController;
  /** Moved on by what a limit held it back for. */
  startedMs: number;
  /** This peer's share that it brings, where it comes from the origin. */
  readonly share: Share | undefined;
  lastBlockMs: number;
  lastByteMs: number;
  receivedBytes: number;
  /** Of the block that comes next. */
  begunBytes: number;
  /** Since when its next block is on offer elsewhere, where it waits for a peer to bring it. */
  offeredSinceMs: number | undefined;
  /** Given up when its next block is here. */
  isLast: boolean;
  /** Since when a limit keeps its supplier from being asked: that is nobody's slowness. */
  heldBackSinceMs: number | undefined;
}

export type Lag = Pick<LoopLag, 'patience' | 'isBusy'>;

/** All runs that are on their way, and which of them take too long. */
export class Flights {
  readonly #all = new Set<Flight>();
  readonly #lag: Lag;
  /** What peers took for a run of what they hold, by the last that ended. */
  readonly #tookMs = new Map<Supplier, number>();
  #leftMs: number | undefined;

  /** A process that is late itself waits longer for others. */
  constructor(lag: Lag) {
    this.#lag = lag;
  }

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  start(run: WorkRun, supplier: Supplier, share?: Share): Flight {
    const startedMs = performance.now();
    const giveUp = new AbortController();
    const times = { startedMs, lastBlockMs: startedMs, lastByteMs: startedMs };
    const state = {
      receivedBytes: 0,
      begunBytes: 0,
      isLast: false,
      offeredSinceMs: undefined,
      heldBackSinceMs: undefined,
    };
    const flight: Flight = { run, supplier, giveUp, share, ...times, ...state };
    this.#all.add(flight);
    return flight;
  }

  end(flight: Flight): void {
    this.#all.delete(flight);
    const { run, supplier, receivedBytes } = flight;
    const tookMs = wholeRunMs(flight, performance.now());
    if (isHeld(flight) && tookMs > 0) this.#tookMs.set(supplier, tookMs);
    const isWhole = receivedBytes > (run.count - 1) * BLOCK_BYTES;
    if (isWhole && tookMs < CRAWLING_MS) supplier.kept();
  }

  countOf(supplier: Supplier): number {
    let count = 0;
    for (const flight of this.#all) if (flight.supplier === supplier) count++;
    return count;
  }

  /** Those that bring what peers hold. */
  heldCount(): number {
    let count = 0;
    for (const flight of this.#all) if (isHeld(flight)) count++;
    return count;
  }

  /** Those that bring this peer's share from the origin. */
  fromOrigin(): Flight[] {
    return [...this.#all].filter(({ share }) => share !== undefined);
  }

  /** Gives up what has stopped coming. */
  leaveStalled(): void {
    const nowMs = performance.now();
    const stalledMs = this.#lag.patience(STALLED_MS);
    for (const flight of this.#all) {
      const { supplier, share, startedMs, lastBlockMs, lastByteMs, giveUp } = flight;
      const { kind, name } = supplier.source;
      if (supplier.isAway()) giveUp.abort(RELIEVED);
      const isAsked = !supplier.isComing && flight.heldBackSinceMs === undefined;
      if (kind === 'peer' && isAsked && nowMs - lastBlockMs > stalledMs) {
        giveUp.abort(new PeerSilentError(name, STALLED_MS));
      }
      const mostMs = lastByteMs === startedMs ? ORIGIN_BEGINS_MS : ORIGIN_STALLED_MS;
      const isSilent = nowMs - lastByteMs > this.#lag.patience(mostMs);
      if (share !== undefined && flight.heldBackSinceMs === undefined && isSilent) {
        giveUp.abort(new OriginUnreachableError(name, 'it was silent for too long'));
      }
    }
  }

  /**
   * Leaves peers that take far longer for what they hold than the origin takes for a run, and than
   * others take: where all are slow, this machine or the LAN is.
   */
  leaveCrawling(usualMs: number): void {
    if (this.#lag.isBusy) return;
    const nowMs = performance.now();
    const crawling = new Set<Supplier>();
    for (const flight of this.#all) {
      if (!isHeld(flight) || flownMs(flight, nowMs) < SLOW_RUN_MS) continue;
      const takesMs = wholeRunMs(flight, nowMs);
      if (takesMs <= Math.max(CRAWLING_MS, CRAWLING_RUNS * usualMs)) continue;
      const othersMs = this.#usualOfOthers(flight.supplier, nowMs);
      if (othersMs < CRAWLING_MS && takesMs > CRAWLING_BY * othersMs) crawling.add(flight.supplier);
    }
    for (const supplier of crawling) supplier.crawled();
    for (const { supplier, giveUp } of this.#all) {
      if (crawling.has(supplier)) giveUp.abort(RELIEVED);
    }
  }

  /** What others take for a run: a median of those that were asked, and are. */
  #usualOfOthers(supplier: Supplier, nowMs: number): number {
    const times = [...this.#tookMs].flatMap(([other, ms]) => (other === supplier ? [] : ms));
    for (const flight of this.#all) {
      const takesMs = wholeRunMs(flight, nowMs);
      if (flight.supplier !== supplier && takesMs > 0) times.push(takesMs);
    }
    times.sort((one, other) => one - other);
    return times[times.length >> 1] ?? 0;
  }

  /** Those that wait for what peers fetch. */
  coming(): Flight[] {
    return [...this.#all].filter(({ supplier }) => supplier.isComing);
  }

  /** Gives up waiting for a run: this peer fetches it. */
  leaveAwaited(runNumber: number): void {
    for (const flight of this.coming()) {
      if (runNumberOf(flight.run) === runNumber) flight.giveUp.abort(RELIEVED);
    }
  }

  /** Whether blocks of a run are awaited from the peer that claims it. */
  isAwaited(runNumber: number): boolean {
    return this.coming().some(({ run }) => runNumberOf(run) === runNumber);
  }

  /** Gives up a flight that others bring, too: with its next block, or now. */
  yieldTo(flight: Flight, when: 'now' | 'at the next block'): void {
    if (when === 'now') flight.giveUp.abort(RELIEVED);
    else flight.isLast = true;
  }

  /** Takes one run that takes its peer too long away from it, where `isUseful` says so. */
  relieveSlow(isUseful: (run: WorkRun) => boolean): void {
    if (this.#lag.isBusy) return;
    const nowMs = performance.now();
    for (const flight of this.#all) {
      const { run, supplier, giveUp } = flight;
      const { source, isComing } = supplier;
      if (source.kind !== 'peer' || isComing || flownMs(flight, nowMs) < SLOW_RUN_MS) continue;
      if (leftMs(flight, nowMs) < WORTH_RELIEVING_MS || !isUseful(run)) continue;
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
    flight.lastByteMs = flight.lastBlockMs;
    flight.offeredSinceMs = undefined;
    flight.receivedBytes += bytes;
    flight.begunBytes = 0;
    if (flight.isLast) flight.giveUp.abort(LEFT);
  }

  /** A limit keeps the supplier from being asked, or does no longer: meanwhile its time stands still. */
  heldBack(flight: Flight, isHeldBack: boolean): void {
    const nowMs = performance.now();
    const hasBegun = flight.lastByteMs !== flight.startedMs;
    flight.startedMs += nowMs - (flight.heldBackSinceMs ?? nowMs);
    flight.heldBackSinceMs = isHeldBack ? nowMs : undefined;
    flight.lastBlockMs = nowMs;
    // The first byte may take longer than one that is missed.
    flight.lastByteMs = hasBegun ? nowMs : flight.startedMs;
    flight.offeredSinceMs = undefined;
  }

  /** Bytes of a flight came that are no block yet. */
  progressed(flight: Flight, bytes: number): void {
    flight.lastByteMs = performance.now();
    flight.begunBytes = Math.min(BLOCK_BYTES, flight.begunBytes + bytes);
  }

  /** Whether it was given up for no fault of its supplier. */
  wasGivenUp({ giveUp }: Flight): boolean {
    return giveUp.signal.reason === RELIEVED || giveUp.signal.reason === LEFT;
  }
}

/** How long a flight is under way, but for what a limit held it back for. */
function flownMs({ startedMs, heldBackSinceMs }: Flight, nowMs: number): number {
  return (heldBackSinceMs ?? nowMs) - startedMs;
}

/** How long a flight will take for the rest of its run, at its rate so far. */
function leftMs(flight: Flight, nowMs: number): number {
  const { run, receivedBytes, begunBytes } = flight;
  const broughtBytes = receivedBytes + begunBytes;
  if (broughtBytes === 0) return Infinity;
  const leftBytes = run.count * BLOCK_BYTES - broughtBytes;
  return (leftBytes * flownMs(flight, nowMs)) / broughtBytes;
}

/** Of what a peer has, and does not have to wait for itself. */
function isHeld({ supplier: { source, isComing } }: Flight): boolean {
  return source.kind === 'peer' && !isComing;
}

/** How long a flight would take for a whole run, at its rate so far; 0 while nothing tells. */
function wholeRunMs(flight: Flight, nowMs: number): number {
  const { receivedBytes, begunBytes } = flight;
  if (receivedBytes + begunBytes === 0) return 0;
  return (RUN_BLOCKS * BLOCK_BYTES * flownMs(flight, nowMs)) / (receivedBytes + begunBytes);
}

/** The run, within the content, that a flight's blocks are of. */
export function runNumberOf({ segmentIndex, firstBlock }: WorkRun): number {
  return segmentIndex * RUNS_PER_SEGMENT + Math.floor(firstBlock / RUN_BLOCKS);
}
