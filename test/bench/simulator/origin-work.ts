import { BLOCK_BYTES } from '@peer-cache/core';
import { WINDOW_RUNS } from '@peer-cache/ownership';
import type { Choice } from '@peer-cache/ownership';
import { countBlocks, firstBlock } from './block-bits.ts';
import type { SimulatedPeer } from './simulated-peer.ts';
import { WanLine } from './wan.ts';
import type { WanFlow } from './wan.ts';

const MOST_FLIGHTS = 2;
const LOOK_EVERY_MS = 100;
/** A way to the origin that is silent for so long is not trusted. */
const SILENT_MS = 1000;

interface Flight {
  readonly runNumber: number;
  flow: WanFlow | undefined;
  /** The block that is on its way. */
  bit: number;
}

/** The runs that a peer fetches from the origin, as the rules of ownership have it. */
export class OriginWork {
  readonly line: WanLine = new WanLine();
  readonly #peer: SimulatedPeer;
  readonly #flights = new Map<number, Flight>();
  #willLook = false;
  #isStopped = false;
  #cutSinceMs: number | undefined;

  constructor(peer: SimulatedPeer) {
    this.#peer = peer;
  }

  /** Something changed: is there anything to fetch, or to leave to others? */
  look(): void {
    if (this.#willLook || this.#isStopped) return;
    this.#willLook = true;
    this.#peer.branch.time.after(0, () => {
      this.#willLook = false;
      this.#dispatch();
    });
  }

  /** Looks now and then, since time alone changes what is late. */
  lookRegularly(): void {
    if (this.#isStopped || this.#peer.blocks.isWhole) return;
    for (const link of this.#peer.acquaintances.links.values()) link.hearNothing();
    this.#dispatch();
    this.#peer.branch.time.after(LOOK_EVERY_MS, () => this.lookRegularly());
  }

  stop(): void {
    this.#isStopped = true;
    for (const flight of this.#flights.values()) this.#cancel(flight);
  }

  limit(bytesPerMs: number): void {
    const { time, wan } = this.#peer.branch;
    this.line.mostBytesPerMs = bytesPerMs;
    this.#cutSinceMs = bytesPerMs === 0 ? (this.#cutSinceMs ?? time.nowMs) : undefined;
    wan.changed();
  }

  get #isWanAlive(): boolean {
    const { time } = this.#peer.branch;
    return this.#cutSinceMs === undefined || time.nowMs - this.#cutSinceMs < SILENT_MS;
  }

  #dispatch(): void {
    const { ownership, blocks, branch, isHonest, isSettled } = this.#peer;
    if (!isHonest || this.#isStopped || blocks.isWhole || !isSettled) return;
    for (const flight of this.#flights.values()) this.#yieldIfCrossed(flight);
    while (this.#flights.size < MOST_FLIGHTS) {
      const { nowMs } = branch.time;
      const open = blocks.openRuns(WINDOW_RUNS);
      const choice = ownership.choose(open, { nowMs, isWanAlive: this.#isWanAlive });
      if (choice === undefined) return;
      this.#begin(choice);
    }
  }

  #yieldIfCrossed(flight: Flight): boolean {
    const { ownership, blocks } = this.#peer;
    const { runNumber } = flight;
    const left = countBlocks(blocks.left(runNumber));
    if (!ownership.mustYield(blocks.openRun(runNumber), left)) return false;
    this.#peer.branch.counts.yields++;
    this.#cancel(flight);
    return true;
  }

  #begin({ run, kind }: Choice): void {
    const { ownership, telling, branch } = this.#peer;
    const flight = { runNumber: run.number, flow: undefined, bit: 0 };
    branch.counts[kind]++;
    ownership.claim(run.number, kind, branch.time.nowMs);
    this.#flights.set(run.number, flight);
    telling.claimed(run.number);
    branch.time.after(branch.settings.originDelayMs, () => this.#open(flight));
  }

  #open(flight: Flight): void {
    if (this.#flights.get(flight.runNumber) !== flight) return;
    if (this.#nextBlock(flight) === 0) this.#end(flight);
    else {
      flight.flow = this.#peer.branch.wan.open(this.line, BLOCK_BYTES, () => this.#came(flight));
    }
  }

  /** A block came; gives the bytes that are to come next. */
  #came(flight: Flight): number {
    const { runNumber, bit } = flight;
    const { ownership, telling, branch } = this.#peer;
    flight.bit = 0;
    branch.fetched(this.#peer.plan.group, runNumber, bit);
    ownership.received(runNumber, BLOCK_BYTES);
    this.#peer.take(runNumber, bit, { isFromOrigin: true });
    telling.progressed(runNumber);
    if (this.#yieldIfCrossed(flight)) return 0;
    if (this.#nextBlock(flight) !== 0) return BLOCK_BYTES;
    this.#end(flight);
    return 0;
  }

  #nextBlock(flight: Flight): number {
    const { blocks } = this.#peer;
    flight.bit = firstBlock(blocks.left(flight.runNumber));
    blocks.ask(flight.runNumber, flight.bit);
    return flight.bit;
  }

  #cancel(flight: Flight): void {
    const { runNumber, bit, flow } = flight;
    if (bit !== 0) {
      this.#peer.blocks.unask(runNumber, bit);
      flow?.cancel();
    }
    this.#end(flight);
    this.#peer.retry(runNumber);
  }

  #end({ runNumber }: Flight): void {
    const { ownership, telling, branch } = this.#peer;
    this.#flights.delete(runNumber);
    ownership.release(runNumber, branch.time.nowMs);
    telling.claimed(runNumber);
    this.look();
  }
}
