import { blockRange } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import { BLOCKS_PER_RUN } from '@peer-cache/protocol';
import type { BlockStore } from '@peer-cache/store';
import { fetchBlockHashList } from './block-hash-lists.ts';
import type { FetchBlockHashList } from './block-hash-lists.ts';
import type { BlockSource, ContentSegment } from './block-source.ts';
import type { Content } from './content.ts';
import { Flights } from './flights.ts';
import type { Flight } from './flights.ts';
import { Keeper } from './keeper.ts';
import { OriginLane } from './origin-lane.ts';
import type { Progress } from './progress.ts';
import { retrying } from './retrying.ts';
import { SegmentsInHand } from './segments-in-hand.ts';
import type { SegmentInHand } from './segments-in-hand.ts';
import type { ContentSink } from './sink.ts';
import { storeSource } from './store-source.ts';
import { originSupplier, peerSupplier, storeSupplier } from './supplier.ts';
import type { Supplier } from './supplier.ts';
import type { Member, Swarm } from './swarm.ts';
import type { VerifiedItem } from './verified.ts';
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
  readonly #work = new Work();
  readonly #segments: SegmentsInHand;
  readonly #keeper: Keeper;
  readonly #lane: OriginLane;
  readonly #store: Supplier;
  readonly #origin: Supplier;
  readonly #peers = new Map<Member, Supplier>();
  readonly #flights = new Flights();
  readonly #end = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  /** Those that may be asked now, as of the last dispatch. */
  #members: readonly Member[] = [];

  constructor(parts: TransferParts, content: Content) {
    this.#parts = parts;
    this.#content = content;
    this.#segments = new SegmentsInHand(parts.store, content);
    this.#keeper = new Keeper(parts);
    this.#lane = new OriginLane(() => performance.now());
    const blockHashListOf = this.#blockHashListOf;
    const source = storeSource((segmentIndex) => this.#segments.get(segmentIndex)?.stored);
    const fromStore = { mayHave: this.#wasStored, canGive: this.#isStored };
    this.#store = storeSupplier(source, { giving: fromStore, blockHashListOf });
    const { blocks } = parts.origin;
    const giving = { mayHave: this.#isOpenToOrigin, canGive: this.#isForOrigin };
    this.#origin = originSupplier(blocks, { lane: this.#lane, giving, blockHashListOf });
  }

  /**
   * Resolves when every block is in the sink. Fails with the origin's error when there are blocks
   * that nobody else has, and with the sink's.
   */
  async run({ signal }: { signal: AbortSignal }): Promise<void> {
    const { swarm } = this.#parts;
    const dispatch = (): void => this.#dispatch();
    const onAbort = (): void => this.#end.reject(signal.reason);
    const timer = setInterval(dispatch, TICK_MS);
    swarm.on('changed', dispatch);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      signal.throwIfAborted();
      this.#takeUpSegments();
      await this.#end.promise;
      await this.#keeper.settle();
    } finally {
      clearInterval(timer);
      swarm.off('changed', dispatch);
      signal.removeEventListener('abort', onAbort);
      this.#stop.abort();
      await this.#keeper.settle().catch(() => undefined);
      this.#segments[Symbol.dispose]();
    }
  }

  #dispatch(): void {
    if (this.#stop.signal.aborted) return;
    this.#flights.leaveStalled();
    this.#members = this.#parts.swarm.members();
    this.#assign(this.#store);
    for (const member of this.#members) {
      const peer = this.#peerSupplier(member);
      this.#assign(peer);
      if (this.#flights.countOf(peer) === 0) this.#relieveSlow(peer);
    }
    if (this.#parts.swarm.isSettled) this.#assign(this.#origin);
    const { failure } = this.#lane;
    if (failure !== undefined && this.#flights.isEmpty) this.#end.reject(failure);
  }

  #assign(supplier: Supplier): void {
    // What is in the store comes from there, whoever else may be free to give it.
    const isLeft = supplier === this.#store ? this.#isStored : this.#isNotStored;
    const canGive: CanGive = (segmentIndex, blockIndex) =>
      this.#isWanted(segmentIndex, blockIndex) &&
      isLeft(segmentIndex, blockIndex) &&
      supplier.canGive(segmentIndex, blockIndex);
    let free = supplier.mostRuns() - this.#flights.countOf(supplier);
    while (free > 0) {
      const run = this.#work.take({ mayHave: supplier.mayHave, canGive }, BLOCKS_PER_RUN);
      if (run === undefined) return;
      void this.#fly(run, supplier);
      free--;
    }
  }

  /** With nothing left to take, an idle peer takes over what is left of a run that takes too long. */
  #relieveSlow(idle: Supplier): void {
    if (idle.mostRuns() === 0) return;
    this.#flights.relieveSlow((run) => {
      const [blockIndex] = this.#missing(run);
      return blockIndex !== undefined && idle.canGive(run.segmentIndex, blockIndex);
    });
  }

  async #fly(run: WorkRun, supplier: Supplier): Promise<void> {
    const segment = this.#content.segment(run.segmentIndex);
    const flight = this.#flights.start(run, supplier);
    const signal = AbortSignal.any([flight.giveUp.signal, this.#stop.signal]);
    let error: unknown;
    try {
      const { firstBlock, count } = run;
      for await (const item of supplier.source.fetch({ segment, firstBlock, count }, { signal })) {
        supplier.delivered(item.block.bytes.length);
        flight.lastBlockMs = performance.now();
        await this.#accept(segment, item, supplier);
      }
    } catch (thrown) {
      error = thrown;
    }
    this.#flights.end(flight);
    this.#land(flight, error);
  }

  #land(flight: Flight, error: unknown): void {
    const { run, supplier } = flight;
    const { segmentIndex } = run;
    const missingBlocks = this.#missing(run);
    this.#work.release(run);
    if (this.#keeper.failure !== undefined) this.#end.reject(this.#keeper.failure);
    if (this.#stop.signal.aborted) return;
    if (missingBlocks.length > 0 && !this.#flights.wasRelieved(flight)) {
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
    const isNew = this.#work.finish(segment.index, blockIndex);
    this.#parts.progress.received(kind, name, bytes.length, isNew);
    if (!isNew) {
      item.release?.();
      return;
    }
    const { startByte } = this.#rangeOf(segment.index, blockIndex);
    const stored = kind === 'store' ? undefined : this.#segments.get(segment.index)?.stored;
    await this.#keeper.keep(item, { startByte, stored });
  }

  #takeUpSegments(): void {
    for (const inHand of this.#segments.takeUp()) {
      if (inHand.blockHashList === undefined) void this.#fetchList(inHand);
      else this.#startSegment(inHand);
    }
    if (this.#segments.isEmpty) this.#end.resolve();
  }

  async #fetchList(inHand: SegmentInHand): Promise<void> {
    const { signal } = this.#stop;
    try {
      const fromOrigin: FetchBlockHashList = (segment, options) =>
        retrying(() => this.#parts.origin.blockHashList(segment, options), options);
      const sources = { swarm: this.#parts.swarm, contentId: this.#content.id, fromOrigin };
      inHand.blockHashList = await fetchBlockHashList(inHand.segment, sources, { signal });
      await this.#keeper.keepList(inHand.blockHashList, inHand.stored);
      this.#startSegment(inHand);
    } catch (error) {
      this.#end.reject(error);
    }
  }

  #startSegment({ segment }: SegmentInHand): void {
    this.#work.add(segment.index, this.#content.blockCount(segment.index));
    this.#dispatch();
  }

  #finishSegment(segmentIndex: number): void {
    const stored = this.#segments.putDown(segmentIndex);
    if (stored === undefined) return;
    this.#work.remove(segmentIndex);
    this.#keeper.letGo(stored);
    this.#takeUpSegments();
    this.#parts.swarm.advanceTo(this.#segments.first);
  }

  #peerSupplier(member: Member): Supplier {
    let supplier = this.#peers.get(member);
    if (supplier === undefined) {
      const blockHashListOf = this.#blockHashListOf;
      supplier = peerSupplier(member, { contentId: this.#content.id, blockHashListOf });
      this.#peers.set(member, supplier);
    }
    return supplier;
  }

  #missing({ segmentIndex, firstBlock, count }: WorkRun): number[] {
    const blocks = Array.from({ length: count }, (_, index) => firstBlock + index);
    return blocks.filter((blockIndex) => !this.#work.hasBlock(segmentIndex, blockIndex));
  }

  #rangeOf(segmentIndex: number, blockIndex: number): { startByte: number } {
    return blockRange(this.#content.information.sizeBytes, segmentIndex, blockIndex);
  }

  #isWanted(segmentIndex: number, blockIndex: number): boolean {
    return this.#rangeOf(segmentIndex, blockIndex).startByte < this.#parts.sink.horizonByte;
  }

  readonly #blockHashListOf = (segment: ContentSegment): Uint8Array => {
    return this.#segments.get(segment.index)?.blockHashList ?? new Uint8Array();
  };

  readonly #isStored: CanGive = (segmentIndex, blockIndex) => {
    return this.#segments.get(segmentIndex)?.stored.blocks.has(blockIndex) ?? false;
  };

  /** What comes during the transfer never has to be read back. */
  readonly #wasStored = (segmentIndex: number): boolean => {
    return this.#segments.get(segmentIndex)?.hadBlocks ?? false;
  };

  readonly #isNotStored: CanGive = (segmentIndex, blockIndex) => {
    return !this.#isStored(segmentIndex, blockIndex);
  };

  readonly #isOpenToOrigin = (segmentIndex: number): boolean => {
    return !this.#members.some(({ offers }) => offers.get(segmentIndex)?.blocks.isFull);
  };

  /** The WAN is the last resort: only what no peer offers. */
  readonly #isForOrigin: CanGive = (segmentIndex, blockIndex) => {
    return !this.#members.some((member) => member.hasBlock(segmentIndex, blockIndex));
  };
}
