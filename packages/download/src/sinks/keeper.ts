import { MIB, PeerCacheError, asError, messageOf } from '@peer-cache/core';
import type { StoredSegment } from '@peer-cache/store';
import type { Progress } from '../progress.ts';
import type { VerifiedItem } from '../verified.ts';
import type { ContentSink } from './sink.ts';

/** Bytes received and not yet written; more make the sources wait, whatever the content's size. */
const MOST_PENDING_BYTES = 8 * MIB;
/** Blocks are gathered to writes of this size, or for so long: far below what a neighbour notices. */
const GATHERED_BYTES = 1 * MIB;
const NEWS_GATHERING_MS = 2;
/** What a peer has given is on offer there already: nobody waits for it here. */
const GATHERING_MS = 50;
/** The store has said which of its two troubles it is in; anything else is neither. */
const UNKNOWN = { code: 'STORE_UNWRITABLE' };

interface Gathered {
  readonly item: VerifiedItem;
  readonly startByte: number;
  readonly stored: StoredSegment | undefined;
  readonly isNews: boolean;
  readonly sizeBytes: number;
}

export interface KeeperParts {
  readonly sink: ContentSink;
  readonly progress: Progress;
  /** Blocks that nobody near has yet are in the store now. */
  readonly onNews?: (segmentId: Uint8Array, blocks: readonly number[]) => void;
}

/**
 * Keeps verified blocks: in the sink, where failure ends the download, and in the store, where
 * failure only means that neighbours can't have them from here.
 */
export class Keeper {
  readonly #sink: ContentSink;
  readonly #progress: Progress;
  readonly #onNews: (segmentId: Uint8Array, blocks: readonly number[]) => void;
  readonly #pending = new Set<Promise<void>>();
  #gathered: Gathered[] = [];
  #gatheredBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #pendingBytes = 0;
  #room = Promise.withResolvers<void>();
  #failure: Error | undefined;
  #storeWorks = true;

  constructor({ sink, progress, onNews = () => undefined }: KeeperParts) {
    this.#sink = sink;
    this.#progress = progress;
    this.#onNews = onNews;
  }

  /** Why the sink can't be written to; undefined while it can. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Takes a block to be written and resolves when there is room for another. */
  async keep(
    item: VerifiedItem,
    { startByte, stored, isNews }: Omit<Gathered, 'item' | 'sizeBytes'>,
  ): Promise<void> {
    const sizeBytes = item.block.bytes.length;
    this.#pendingBytes += sizeBytes;
    this.#gathered.push({ item, startByte, stored, isNews, sizeBytes });
    this.#gatheredBytes += sizeBytes;
    if (this.#gatheredBytes >= GATHERED_BYTES) this.#writeGathered();
    else this.#writeSoon(isNews);
    while (this.#pendingBytes > MOST_PENDING_BYTES) await this.#room.promise;
  }

  async keepList(blockHashList: Uint8Array, stored: StoredSegment): Promise<void> {
    try {
      if (this.#storeWorks) await stored.putBlockHashList(blockHashList);
    } catch (error) {
      this.#storeFailed(error);
    }
  }

  /** Lets go of a segment when what was begun for it is written. */
  letGo(stored: StoredSegment): void {
    void this.#allWritten().then(() => stored[Symbol.dispose]());
  }

  /** Resolves when all that was begun is written; rejects when the sink failed. */
  async settle(): Promise<void> {
    await this.#allWritten();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #allWritten(): Promise<void> {
    this.#writeGathered();
    await Promise.allSettled(this.#pending);
  }

  #writeSoon(isNews: boolean): void {
    const isFirstNews = isNews && this.#gathered.filter((each) => each.isNews).length === 1;
    if (this.#timer !== undefined && !isFirstNews) return;
    clearTimeout(this.#timer);
    const waitMs = isNews ? NEWS_GATHERING_MS : GATHERING_MS;
    this.#timer = setTimeout(() => this.#writeGathered(), waitMs);
  }

  /** Starts to write what was gathered: few large writes cost a third of many small ones. */
  #writeGathered(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gathered.length === 0) return;
    const blocks = this.#gathered;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    const toFile = blocks.map(({ item, startByte }) => this.#write(startByte, item.block.bytes));
    const toStore = [...Map.groupBy(blocks, ({ stored }) => stored)].map(([stored, group]) =>
      this.#put(group, stored),
    );
    const writing = Promise.all([...toFile, ...toStore])
      .then(() => this.#written(blocks))
      .finally(() => this.#pending.delete(writing));
    this.#pending.add(writing);
  }

  async #write(startByte: number, bytes: Uint8Array): Promise<void> {
    try {
      await this.#sink.write(startByte, bytes);
    } catch (error) {
      this.#failure ??= asError(error);
    }
  }

  async #put(blocks: readonly Gathered[], stored: StoredSegment | undefined): Promise<void> {
    if (stored === undefined || !this.#storeWorks) return;
    try {
      await stored.put(blocks.map(({ item }) => item));
      const news = blocks.filter(({ isNews }) => isNews).map(({ item }) => item.block.blockIndex);
      if (news.length > 0) this.#onNews(stored.keys.segmentId, news);
    } catch (error) {
      this.#storeFailed(error);
    }
  }

  #storeFailed(error: unknown): void {
    if (!this.#storeWorks) return;
    this.#storeWorks = false;
    const { code } = error instanceof PeerCacheError ? error : UNKNOWN;
    this.#progress.warned(code, `${messageOf(error)}; the download goes on without the store`);
  }

  #written(blocks: readonly Gathered[]): void {
    for (const { item, sizeBytes } of blocks) {
      this.#pendingBytes -= sizeBytes;
      item.release?.();
      if (!this.#sink.keepsBytes) item.block.release();
    }
    this.#room.resolve();
    this.#room = Promise.withResolvers<void>();
  }
}
