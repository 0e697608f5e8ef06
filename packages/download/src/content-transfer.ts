import { blockRange } from '@peer-cache/core';
import type { ByteRange, Log } from '@peer-cache/core';
import { BLOCKS_PER_RUN } from '@peer-cache/protocol';
import type { BlockStore } from '@peer-cache/store';
import type { FetchBlockHashList } from './block-hash-lists.ts';
import type { BlockSource, ContentSegment } from './block-source.ts';
import type { Content } from './content.ts';
import { Flights } from './flights.ts';
import type { Flight } from './flights.ts';
import { Keeper } from './sinks/keeper.ts';
import { OriginLane } from './origin/origin-lane.ts';
import { openSegment } from './segment-opening.ts';
import type { Progress } from './progress.ts';
import type { Resumption } from './resumption.ts';
import { SegmentsInHand } from './segments-in-hand.ts';
import type { SegmentInHand } from './segments-in-hand.ts';
import type { ContentSink } from './sinks/sink.ts';
import type { Supplier } from './supplier.ts';
import { Suppliers } from './suppliers.ts';
import type { Swarm } from './peers/swarm.ts';
import { ALWAYS } from './turn.ts';
import type { Turn, TurnUse } from './turn.ts';
import type { VerifiedItem } from './verified.ts';
import type { WantedBytes } from './wanted-bytes.ts';
import { Work } from './work.ts';
import type { CanGive, WorkRun } from './work.ts';

/** Rules that depend on time alone (back-off, settling, slow peers) are looked at this often. */
const TICK_MS = 100;

export interface TransferParts {
  readonly store: BlockStore;
  readonly swarm: Swarm;
  readonly origin: ContentOrigin;
  readonly sink: ContentSink;
  readonly progress: Progress;
  readonly log: Log;
  readonly turn: Turn;
  readonly wanted: WantedBytes;
  readonly resumption: Resumption;
}

export interface TransferOptions {
  /** Whether what comes is put into the store. */
  readonly isShared: boolean;
  /** Failures of the origin in a row that are borne; the default of its lane otherwise. */
  readonly mostFailures: number | undefined;
}

/** What the origin gives of one described content. */
export interface ContentOrigin {
  readonly blocks: BlockSource;
  readonly blockHashList: FetchBlockHashList;
}

/**
 * Brings one described content here: each block from the store, else from a peer that offers it,
 * else from the origin. `#dispatch` decides, synchronously, whenever anything may have changed;
 * flights carry it out, one run of blocks each.
 */
export class ContentTransfer {
  readonly #parts: TransferParts;
  readonly #content: Content;
  readonly #options: TransferOptions;
  readonly #work = new Work();
  readonly #segments: SegmentsInHand;
  readonly #keeper: Keeper;
  readonly #lane: OriginLane;
  readonly #suppliers: Suppliers;
  readonly #flights = new Flights();
  readonly #end = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  /** Whether there was work, as of the last dispatch, that has to wait for its turn. */
  #waitsForTurn = false;
  #leave: AbortSignal = this.#stop.signal;

  constructor(parts: TransferParts, content: Content, options: TransferOptions) {
    this.#parts = parts;
    this.#content = content;
    this.#options = options;
    this.#segments = new SegmentsInHand(parts.store, content, options);
    this.#keeper = new Keeper(parts);
    this.#lane = new OriginLane(() => performance.now(), options);
    this.#suppliers = new Suppliers({
      segments: this.#segments,
      contentId: content.id,
      origin: parts.origin.blocks,
      lane: this.#lane,
    });
  }

  /**
   * Resolves when every block is in the sink. Fails with the origin's error when there are blocks
   * that nobody else has, and with the sink's. After `leave` nothing new is asked for, and it fails
   * with the reason of that as soon as what is under way is over, unless the last byte came before.
   * Whatever the end, nothing is under way after it.
   */
  async run({ signal, leave }: { signal: AbortSignal; leave: AbortSignal }): Promise<void> {
    const { swarm, turn } = this.#parts;
    this.#leave = leave;
    const dispatch = (): void => this.#dispatch();
    const onAbort = (): void => this.#end.reject(signal.reason);
    const timer = setInterval(dispatch, TICK_MS);
    swarm.on('changed', dispatch);
    signal.addEventListener('abort', onAbort, { once: true });
    leave.addEventListener('abort', dispatch, { once: true });
    using _ = turn.onFree(() => this.#waitsForTurn && dispatch());
    try {
      signal.throwIfAborted();
      leave.throwIfAborted();
      this.#takeUpSegments();
      await this.#end.promise;
      await this.#keeper.settle();
    } finally {
      clearInterval(timer);
      swarm.off('changed', dispatch);
      signal.removeEventListener('abort', onAbort);
      leave.removeEventListener('abort', dispatch);
      this.#stop.abort();
      await Promise.all(this.#tasks);
      await this.#keeper.settle().catch(() => undefined);
      this.#segments[Symbol.dispose]();
    }
  }

  #dispatch(): void {
    if (this.#stop.signal.aborted) return;
    this.#flights.leaveStalled();
    if (this.#leave.aborted) return this.#goOnLeaving();
    this.#waitsForTurn = false;
    const members = this.#parts.swarm.members();
    this.#suppliers.meet(members);
    this.#assign(this.#suppliers.store);
    for (const member of members) {
      const peer = this.#suppliers.peer(member);
      const isIdle = this.#assign(peer);
      if (isIdle && this.#flights.countOf(peer) === 0) this.#relieveSlow(peer);
    }
    if (this.#parts.swarm.isSettled) this.#assign(this.#suppliers.origin);
    const { failure } = this.#lane;
    if (failure === undefined || this.#waitsForTurn) return;
    if (this.#flights.isEmpty) this.#end.reject(failure);
  }

  #goOnLeaving(): void {
    this.#waitsForTurn = false;
    this.#flights.leave();
    if (this.#flights.isEmpty) this.#end.reject(this.#leave.reason);
  }

  /** Sends for all that the supplier may be asked for now; false if that must wait for its turn. */
  #assign(supplier: Supplier): boolean {
    const giving = this.#suppliers.giving(supplier);
    const canGive: CanGive = (segmentIndex, blockIndex) =>
      this.#isNear(segmentIndex, blockIndex) && giving.canGive(segmentIndex, blockIndex);
    let free = supplier.mostRuns() - this.#flights.countOf(supplier);
    while (free > 0) {
      const run = this.#work.take({ mayHave: giving.mayHave, canGive }, BLOCKS_PER_RUN);
      if (run === undefined) return true;
      const use = this.#askTurn(supplier, run.count);
      if (use === undefined) {
        this.#work.release(run);
        this.#waitsForTurn = true;
        return false;
      }
      this.#track(this.#fly(this.#work.shorten(run, use.blocks), supplier, use));
      free--;
    }
    return true;
  }

  /** What is on this machine needs no turn. */
  #askTurn({ source: { kind } }: Supplier, blocks: number): TurnUse | undefined {
    if (kind === 'store') return ALWAYS.ask('peer', blocks);
    return this.#parts.turn.ask(kind, blocks);
  }

  /** With nothing left to take, an idle peer takes over what is left of a run that takes too long. */
  #relieveSlow(idle: Supplier): void {
    if (idle.mostRuns() === 0) return;
    this.#flights.relieveSlow((run) => {
      const [blockIndex] = this.#missing(run);
      return blockIndex !== undefined && idle.canGive(run.segmentIndex, blockIndex);
    });
  }

  async #fly(run: WorkRun, supplier: Supplier, use: TurnUse): Promise<void> {
    const segment = this.#content.segment(run.segmentIndex);
    const flight = this.#flights.start(run, supplier);
    const signal = AbortSignal.any([flight.giveUp.signal, this.#stop.signal]);
    let error: unknown;
    try {
      const { firstBlock, count } = run;
      for await (const item of supplier.source.fetch({ segment, firstBlock, count }, { signal })) {
        const { length } = item.block.bytes;
        supplier.delivered(length);
        use.received(length);
        this.#flights.landed(flight, length);
        await this.#accept(segment, item, supplier);
      }
    } catch (thrown) {
      error = thrown;
    }
    this.#flights.end(flight);
    use[Symbol.dispose]();
    this.#land(flight, error);
  }

  #land(flight: Flight, error: unknown): void {
    const { run, supplier } = flight;
    const { segmentIndex } = run;
    const missingBlocks = this.#missing(run);
    this.#work.release(run);
    if (this.#keeper.failure !== undefined) this.#end.reject(this.#keeper.failure);
    if (this.#stop.signal.aborted) return;
    const isExcused = this.#leave.aborted || this.#flights.wasRelieved(flight);
    if (missingBlocks.length > 0 && !isExcused) {
      supplier.fellShort({ error, segmentIndex, missingBlocks });
      this.#parts.progress.failed(supplier.source.name, error);
      this.#parts.log.debug({ source: supplier.source.name, error }, 'source fell short');
    }
    if (this.#work.isDone(segmentIndex)) this.#finishSegment(segmentIndex);
    this.#dispatch();
  }

  async #accept(segment: ContentSegment, item: VerifiedItem, supplier: Supplier): Promise<void> {
    const { kind, name } = supplier.source;
    const { blockIndex, bytes } = item.block;
    const range = this.#rangeOf(segment.index, blockIndex);
    const isNew = this.#work.finish(segment.index, blockIndex);
    const newBytes = isNew ? this.#parts.wanted.bytesOf(range) : 0;
    this.#parts.progress.received(kind, name, bytes.length, newBytes);
    if (!isNew) {
      item.release?.();
      return;
    }
    const isForStore = this.#options.isShared && kind !== 'store';
    const stored = isForStore ? this.#segments.get(segment.index)?.stored : undefined;
    await this.#keeper.keep(item, { startByte: range.startByte, stored });
  }

  #takeUpSegments(): void {
    if (this.#segments.isDone) this.#end.resolve();
    if (this.#leave.aborted) return;
    for (const inHand of this.#segments.takeUp()) this.#track(this.#open(inHand));
  }

  async #open(inHand: SegmentInHand): Promise<void> {
    const { signal } = this.#stop;
    const { index } = inHand.segment;
    const { origin, ...parts } = this.#parts;
    const here = { contentId: this.#content.id, keeper: this.#keeper, ...this.#options };
    const opening = { ...parts, ...here, listFromOrigin: origin.blockHashList };
    try {
      const done = await openSegment(inHand, opening, { signal });
      if (signal.aborted) return;
      this.#work.add(index, done.blockCount, done);
      if (done.isFull) this.#finishSegment(index);
      this.#dispatch();
    } catch (error) {
      this.#end.reject(error);
    }
  }

  #finishSegment(segmentIndex: number): void {
    if (this.#segments.get(segmentIndex) === undefined) return;
    const stored = this.#segments.putDown(segmentIndex);
    this.#work.remove(segmentIndex);
    if (stored !== undefined) this.#keeper.letGo(stored);
    this.#takeUpSegments();
    this.#parts.swarm.advanceTo(this.#segments.first);
  }

  #track(task: Promise<void>): void {
    const tracked = task.finally(() => this.#tasks.delete(tracked));
    this.#tasks.add(tracked);
  }

  #missing({ segmentIndex, firstBlock, count }: WorkRun): number[] {
    const blocks = Array.from({ length: count }, (_, index) => firstBlock + index);
    return blocks.filter((blockIndex) => !this.#work.hasBlock(segmentIndex, blockIndex));
  }

  #rangeOf(segmentIndex: number, blockIndex: number): ByteRange {
    return blockRange(this.#content.information.sizeBytes, segmentIndex, blockIndex);
  }

  #isNear(segmentIndex: number, blockIndex: number): boolean {
    return this.#rangeOf(segmentIndex, blockIndex).startByte < this.#parts.sink.horizonByte;
  }
}
