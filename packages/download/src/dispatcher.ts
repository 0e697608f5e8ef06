import { ALWAYS } from '@peer-cache/bandwidth';
import type { Turn, TurnUse } from '@peer-cache/bandwidth';
import { BLOCK_BYTES, blockRange, BLOCKS_PER_SEGMENT } from '@peer-cache/core';
import { RUN_BLOCKS, RUNS_PER_SEGMENT } from '@peer-cache/ownership';
import type { Ownership } from '@peer-cache/ownership';
import { BLOCKS_PER_RUN } from '@peer-cache/protocol';
import type { Content } from './content.ts';
import { runNumberOf } from './flights.ts';
import type { Flights } from './flights.ts';
import type { OriginShare } from './origin-share.ts';
import type { Member } from './peers/member.ts';
import type { Offers } from './peers/offers.ts';
import type { Swarm } from './peers/swarm.ts';
import type { Share } from './share.ts';
import type { ContentSink } from './sinks/sink.ts';
import type { Supplier } from './supplier.ts';
import type { Suppliers } from './suppliers.ts';
import type { TakeLimits, Work, WorkRun } from './work.ts';

export interface DispatcherParts {
  readonly content: Content;
  readonly work: Work;
  readonly flights: Flights;
  readonly suppliers: Suppliers;
  readonly share: OriginShare;
  readonly swarm: Swarm;
  readonly turn: Turn;
  readonly sink: Pick<ContentSink, 'horizonByte'>;
  readonly ownership: Ownership;
}

/** A block that is on offer elsewhere is not awaited for longer from a peer that sends nothing. */
const OFFERED_MS = 500;
/** Nor one that comes, but so slowly. */
const DRIPPING_MS = 1500;
/** What was asked for when it was still this agent's turn comes within this, or does not come. */
const REFRAINS_MS = 500;
/** Nor one that nobody claims any more: its last bytes are on their way, or it does not come. */
const UNCLAIMED_MS = 1000;

/**
 * Runs on their way at a time that peers hold, from all of them together: more would only wait at
 * the peers, and where everybody has many, whoever is busy seems silent.
 */
const MOST_HELD_RUNS = 8;
/** Runs awaited at a time from who fetches them: what else is fetched is asked for when it is there. */
const MOST_AWAITED_RUNS = 16;
/** What comes to a process that is late itself is better asked for in one piece. */
const MOST_AWAITED_WHEN_BUSY = 4;

/** What is to be sent for now. */
export interface Errand {
  readonly run: WorkRun;
  readonly supplier: Supplier;
  readonly use: TurnUse;
  /** This peer's share that it is, where it goes to the origin. */
  readonly share: Share | undefined;
}

/** Decides, synchronously, who is asked for which blocks: the store, then peers, then the origin. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #send: (errand: Errand) => void;
  #waitsForTurn = false;
  /** How many runs peers were asked for: who is asked first goes in turns. */
  #heldRuns = 0;
  /** A run that is to be fetched here as soon as nobody is asked for it any more. */
  #ownNext: number | undefined;

  /** `send` begins an errand at once. */
  constructor(parts: DispatcherParts, send: (errand: Errand) => void) {
    this.#parts = parts;
    this.#send = send;
  }

  /** Whether there was work, the last time, that has to wait for its turn. */
  get waitsForTurn(): boolean {
    return this.#waitsForTurn;
  }

  /** There is no more work to wait for. */
  rest(): void {
    this.#waitsForTurn = false;
  }

  /** Sends for everything that may be asked for now. */
  dispatch(): void {
    const { suppliers, swarm, flights, share, ownership } = this.#parts;
    this.#waitsForTurn = false;
    flights.leaveCrawling(ownership.typical.ms);
    this.#assign(suppliers.store);
    const offers = swarm.offers();
    this.#assignHeld(offers.members);
    for (const member of offers.members) this.#awaitClaimed(member, offers);
    share.look();
    this.#leaveToOthers(offers);
    this.#leaveLate(offers);
    if (swarm.isSettled) this.#assignShare(offers);
  }

  /** Asks peers for what they hold, beginning with another each time. */
  #assignHeld(members: readonly Member[]): void {
    const { suppliers, flights } = this.#parts;
    const first = this.#heldRuns % Math.max(1, members.length);
    for (const member of [...members.slice(first), ...members.slice(0, first)]) {
      const peer = suppliers.peer(member);
      const free = MOST_HELD_RUNS - flights.heldCount();
      const isIdle = this.#assign(peer, free);
      if (isIdle && flights.countOf(peer) === 0) this.#relieveSlow(peer);
    }
  }

  /**
   * Sends for all that the supplier may be asked for now, at most so many runs; false if that must
   * wait for its turn.
   */
  #assign(supplier: Supplier, most = Infinity): boolean {
    const { work, flights } = this.#parts;
    let free = Math.min(most, supplier.mostRuns() - flights.countOf(supplier));
    while (free > 0) {
      const run = work.take(supplier.giving, this.#limitsOf(supplier));
      if (run === undefined) return true;
      if (!this.#sendFor(run, supplier)) return false;
      if (supplier.source.kind === 'peer') this.#heldRuns++;
      free--;
    }
    return true;
  }

  /** Sends for this peer's share of what nobody has. */
  #assignShare(offers: Offers): void {
    const { suppliers, flights, work, share } = this.#parts;
    const { origins, storedOf } = suppliers;
    const bounds = { endBlockOf: this.#endBlockOf, storedOf, offers };
    let free = share.mostFlights - origins.underWay(flights);
    while (free > 0) {
      const origin = origins.next(flights);
      const next = origin && share.next(bounds);
      if (origin === undefined || next === undefined) return;
      const { segmentIndex, firstBlock, count } = next.asked;
      const gaps = offers.gapsOf({ segmentIndex, firstBlock }, storedOf(segmentIndex));
      const blocksOf = (index: number) => (index === segmentIndex ? gaps : undefined);
      const limits = { most: count, startBlock: firstBlock, endBlockOf: this.#endBlockOf };
      const run = work.take({ blocksOf }, limits);
      if (run === undefined) {
        // It is awaited from somebody; its end leads here again.
        this.#ownNext = next.run.number;
        return flights.leaveAwaited(next.run.number);
      }
      this.#ownNext = undefined;
      const isSent = this.#sendFor(run, origin, next);
      share.turnWasRefused(!isSent);
      if (!isSent) return;
      origins.asked(origin);
      free--;
    }
  }

  /** Sends for a run that was taken, or for as much of it as the turn allows; false for none. */
  #sendFor(run: WorkRun, supplier: Supplier, share?: Share): boolean {
    const { work, turn } = this.#parts;
    const { kind } = supplier.source;
    // What is on this machine needs no turn.
    const use = kind === 'store' ? ALWAYS.ask('peer', run.count) : turn.ask(kind, run.count);
    if (use === undefined) {
      work.release(run);
      this.#waitsForTurn = true;
      return false;
    }
    this.#send({ run: work.shorten(run, use.blocks), supplier, use, share });
    return true;
  }

  /** Gives up what others claim with more right, or have brought meanwhile. */
  #leaveToOthers(offers: Offers): void {
    const { flights, share, work } = this.#parts;
    const refrainsMs = performance.now() - (share.refrainsSinceMs ?? Infinity);
    for (const flight of flights.fromOrigin()) {
      if (refrainsMs > REFRAINS_MS) flights.yieldTo(flight, 'now');
      else if (refrainsMs >= 0) flights.yieldTo(flight, 'at the next block');
      if (flight.share === undefined || flight.isLast) continue;
      const { segmentIndex } = flight.run;
      const left = work.missingOf(flight.run);
      const isOffered = (block: number): boolean => offers.hasBlock(segmentIndex, block);
      if (left.length > 0 && left.every(isOffered)) flights.yieldTo(flight, 'now');
      else if (share.mustYield(flight.share, left.length)) {
        flights.yieldTo(flight, 'at the next block');
      }
    }
  }

  /** Asks for what a peer is fetching, to get it as it arrives there. */
  #awaitClaimed(member: Member, offers: Offers): void {
    const { suppliers, flights, ownership, work, turn, swarm } = this.#parts;
    const most = swarm.lag.isBusy ? MOST_AWAITED_WHEN_BUSY : MOST_AWAITED_RUNS;
    let free = most - flights.coming().length;
    const supplier = suppliers.coming(member);
    for (const claim of member.neighbour?.claims() ?? []) {
      if (free <= 0) return;
      const { segmentIndex, runIndex } = claim;
      const number = segmentIndex * RUNS_PER_SEGMENT + runIndex;
      const stands = ownership.claimOn(number) === claim && claim.overdueSinceMs === undefined;
      if (!stands || ownership.hasClaim(number) || flights.isAwaited(number)) continue;
      if (number === this.#ownNext) continue;
      const gaps = offers.gapsOf(
        { segmentIndex, firstBlock: runIndex * RUN_BLOCKS },
        suppliers.storedOf(segmentIndex),
      );
      const blocksOf = (index: number) => (index === segmentIndex ? gaps : undefined);
      const limits = { most: RUN_BLOCKS, endBlockOf: this.#endBlockOf };
      const run = work.take({ blocksOf }, limits);
      if (run === undefined) continue;
      // One block's turn: what comes is charged as it comes, and may take a while.
      const use = turn.ask('peer', 1);
      if (use === undefined) {
        work.release(run);
        this.#waitsForTurn = true;
        return;
      }
      this.#send({ run, supplier, use, share: undefined });
      free--;
    }
  }

  /** Does not wait for a peer to bring what is on offer elsewhere, or what it fetches no more. */
  #leaveLate(offers: Offers): void {
    const { flights, ownership, work, swarm } = this.#parts;
    const nowMs = performance.now();
    const offeredMs = swarm.lag.patience(OFFERED_MS);
    const drippingMs = swarm.lag.patience(DRIPPING_MS);
    const unclaimedMs = swarm.lag.patience(UNCLAIMED_MS);
    for (const flight of flights.coming()) {
      if (flight.heldBackSinceMs !== undefined) continue;
      const { segmentIndex } = flight.run;
      const [next] = work.missingOf(flight.run);
      const isOffered = next !== undefined && offers.hasBlock(segmentIndex, next);
      flight.offeredSinceMs = isOffered ? (flight.offeredSinceMs ?? nowMs) : undefined;
      const quietMs = nowMs - flight.lastByteMs;
      // Bytes that drip in are no block yet.
      const blocklessMs = nowMs - flight.lastBlockMs;
      const isQuiet = quietMs > offeredMs || blocklessMs > drippingMs;
      const isLate = isQuiet && nowMs - (flight.offeredSinceMs ?? nowMs) > OFFERED_MS;
      const isClaimed = ownership.claimOn(runNumberOf(flight.run)) !== undefined;
      const isLeft = !isClaimed && (quietMs > unclaimedMs || blocklessMs > drippingMs);
      if (isLate || isLeft) flights.yieldTo(flight, 'now');
    }
  }

  /** With nothing left to take, an idle peer takes over what is left of a run that takes too long. */
  #relieveSlow(idle: Supplier): void {
    const { flights, work } = this.#parts;
    if (idle.mostRuns() === 0) return;
    flights.relieveSlow((run) => {
      const [blockIndex] = work.missingOf(run);
      const bits = idle.giving.blocksOf(run.segmentIndex);
      if (blockIndex === undefined || bits === undefined) return false;
      return (((bits[blockIndex >> 3] ?? 0) >> (blockIndex & 7)) & 1) === 1;
    });
  }

  /** Peers that fetch the same at the same time begin elsewhere, where the order does not matter. */
  #limitsOf({ source }: Supplier): TakeLimits {
    const { sink, ownership } = this.#parts;
    const isInOrder = source.kind !== 'peer' || Number.isFinite(sink.horizonByte);
    const startBlock = isInOrder ? 0 : ownership.place % BLOCKS_PER_SEGMENT;
    return { most: BLOCKS_PER_RUN, endBlockOf: this.#endBlockOf, startBlock };
  }

  readonly #endBlockOf = (segmentIndex: number): number => {
    const { sink, content } = this.#parts;
    const { startByte } = blockRange(content.information.sizeBytes, segmentIndex, 0);
    return Math.ceil((sink.horizonByte - startByte) / BLOCK_BYTES);
  };
}
