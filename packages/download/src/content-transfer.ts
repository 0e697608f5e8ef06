import type { Turn } from '@peer-cache/bandwidth';
import { blockRange, PeerCacheError } from '@peer-cache/core';
import type { ByteRange, Log } from '@peer-cache/core';
import type { Board, Ownership } from '@peer-cache/ownership';
import type { BlockStore } from '@peer-cache/store';
import type { ContentSegment } from './block-source.ts';
import type { Content } from './content.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Errand } from './dispatcher.ts';
import { Flights } from './flights.ts';
import type { Flight } from './flights.ts';
import { OriginShare } from './origin-share.ts';
import type { ContentOrigin } from './origin/content-origin.ts';
import type { Origins } from './origin/origins.ts';
import type { Swarm } from './peers/swarm.ts';
import type { Progress } from './progress.ts';
import type { Resumption } from './resumption.ts';
import { openSegment } from './segment-opening.ts';
import { SegmentsInHand } from './segments-in-hand.ts';
import type { SegmentInHand } from './segments-in-hand.ts';
import { Keeper } from './sinks/keeper.ts';
import type { ContentSink } from './sinks/sink.ts';
import type { Supplier } from './supplier.ts';
import { Suppliers } from './suppliers.ts';
import type { VerifiedItem } from './verified.ts';
import type { WantedBytes } from './wanted-bytes.ts';
import { Work } from './work.ts';

/** Rules that depend on time alone (back-off, settling, slow peers) are looked at this often. */
const TICK_MS = 100;

export interface TransferParts {
  readonly store: BlockStore;
  readonly swarm: Swarm;
  readonly board: Board;
  readonly ownership: Ownership;
  /** Whether others can take from here what this transfer fetches. */
  readonly isServing: () => boolean;
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

/**
 * Brings one described content here: each block from the store, else from a peer that offers it,
 * else, for its own share of what all peers together lack, from the origin. The dispatcher
 * decides, whenever anything may have changed; flights carry it out, one run of blocks each.
 */
export class ContentTransfer {
  readonly #parts: TransferParts;
  readonly #content: Content;
  readonly #options: TransferOptions;
  readonly #work = new Work();
  readonly #segments: SegmentsInHand;
  readonly #keeper: Keeper;
  readonly #origins: Origins;
  readonly #share: OriginShare;
  readonly #suppliers: Suppliers;
  readonly #flights: Flights;
  readonly #dispatcher: Dispatcher;
  readonly #end = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  #willDispatch = false;
  #leave: AbortSignal = this.#stop.signal;

  constructor(parts: TransferParts, content: Content, options: TransferOptions) {
    this.#parts = parts;
    this.#content = content;
    this.#options = options;
    this.#flights = new Flights(parts.swarm.lag);
    this.#segments = new SegmentsInHand(parts.store, content, options);
    this.#keeper = new Keeper({ ...parts, onNews: (...news) => this.#share.stored(...news) });
    this.#suppliers = new Suppliers(
      { segments: this.#segments, contentId: content.id, ...parts },
      options,
    );
    this.#origins = this.#suppliers.origins;
    const origins = this.#origins;
    const isAwaited = (runNumber: number): boolean => this.#flights.isAwaited(runNumber);
    const work = this.#work;
    this.#share = new OriginShare({ ...parts, content, work, origins, isAwaited });
    const { swarm, turn, sink, ownership } = parts;
    const here = { content, work: this.#work, flights: this.#flights };
    const others = { suppliers: this.#suppliers, share: this.#share, swarm };
    this.#dispatcher = new Dispatcher({ ...here, ...others, turn, sink, ownership }, (errand) =>
      this.#track(this.#fly(errand)),
    );
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
    const dispatchSoon = (): void => this.#dispatchSoon();
    const onAbort = (): void => this.#end.reject(signal.reason);
    const timer = setInterval(dispatch, TICK_MS);
    swarm.on('changed', dispatchSoon);
    signal.addEventListener('abort', onAbort, { once: true });
    leave.addEventListener('abort', dispatch, { once: true });
    using _ = turn.onFree(() => this.#dispatcher.waitsForTurn && dispatch());
    try {
      signal.throwIfAborted();
      leave.throwIfAborted();
      this.#takeUpSegments();
      await this.#end.promise;
      await this.#keeper.settle();
    } finally {
      clearInterval(timer);
      swarm.off('changed', dispatchSoon);
      signal.removeEventListener('abort', onAbort);
      leave.removeEventListener('abort', dispatch);
      this.#stop.abort();
      this.#share[Symbol.dispose]();
      await Promise.all(this.#tasks);
      await this.#keeper.settle().catch(() => undefined);
      this.#segments[Symbol.dispose]();
    }
  }

  #dispatch(): void {
    if (this.#stop.signal.aborted) return;
    this.#flights.leaveStalled();
    if (this.#leave.aborted) return this.#goOnLeaving();
    this.#dispatcher.dispatch();
    const { failure } = this.#origins;
    const isWaiting = this.#dispatcher.waitsForTurn || !this.#flights.isEmpty;
    if (failure === undefined || isWaiting) return;
    const mayPass = failure instanceof PeerCacheError && failure.transient;
    if (!mayPass || !this.#share.hasHelp) this.#end.reject(failure);
  }

  /** Many things change in one go: once for all of them. */
  #dispatchSoon(): void {
    if (this.#willDispatch) return;
    this.#willDispatch = true;
    setImmediate(() => {
      this.#willDispatch = false;
      this.#dispatch();
    });
  }

  #goOnLeaving(): void {
    this.#dispatcher.rest();
    this.#flights.leave();
    if (this.#flights.isEmpty) this.#end.reject(this.#leave.reason);
  }

  async #fly({ run, supplier, use, share }: Errand): Promise<void> {
    if (share !== undefined) this.#share.begin(share, run);
    const segment = this.#content.segment(run.segmentIndex);
    const flight = this.#flights.start(run, supplier, share);
    const signal = AbortSignal.any([flight.giveUp.signal, this.#stop.signal]);
    const onBytes = (bytes: number): void => {
      this.#flights.progressed(flight, bytes);
      if (share !== undefined) this.#share.received(share, bytes);
    };
    const onHeldBack = (isHeldBack: boolean): void => {
      this.#flights.heldBack(flight, isHeldBack);
      if (share !== undefined) this.#share.pulse.heldBack(isHeldBack);
    };
    let error: unknown;
    try {
      const { firstBlock, count } = run;
      const asked = { segment, firstBlock, count };
      for await (const item of supplier.source.fetch(asked, { signal, onBytes, onHeldBack })) {
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
    const { run, supplier, share } = flight;
    const { segmentIndex } = run;
    const missingBlocks = this.#work.missingOf(run);
    this.#work.release(run);
    if (share !== undefined) this.#share.end(share, missingBlocks);
    if (this.#keeper.failure !== undefined) this.#end.reject(this.#keeper.failure);
    if (this.#stop.signal.aborted) return;
    const isExcused = this.#leave.aborted || this.#flights.wasGivenUp(flight);
    if (missingBlocks.length > 0 && !isExcused) {
      supplier.fellShort({ error, segmentIndex, missingBlocks });
      // What a peer was to fetch, and does not, is nobody's failure.
      if (!supplier.isComing || error !== undefined) {
        this.#parts.progress.failed(supplier.source.name, error);
      }
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
    const isNews = kind === 'origin';
    await this.#keeper.keep(item, { startByte: range.startByte, stored, isNews });
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
    const { ownership } = parts;
    const here = { contentId: this.#content.id, keeper: this.#keeper, ...this.#options };
    const onListKept = (segmentIndex: number): void => this.#share.listKept(segmentIndex);
    const listFromOrigin = origin.blockHashList;
    const opening = { ...parts, ...here, ownership, listFromOrigin, onListKept };
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
    this.#share.advanceTo(this.#segments.first);
  }

  #track(task: Promise<void>): void {
    const tracked = task.finally(() => this.#tasks.delete(tracked));
    this.#tasks.add(tracked);
  }

  #rangeOf(segmentIndex: number, blockIndex: number): ByteRange {
    return blockRange(this.#content.information.sizeBytes, segmentIndex, blockIndex);
  }
}
