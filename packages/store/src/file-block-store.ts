import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { DAY_MS } from '@peer-cache/core';
import type { Log, SegmentKeys } from '@peer-cache/core';
import { LRUCache } from 'lru-cache';
import type { BlockStore, SegmentDescription } from './block-store.ts';
import { systemCode, writeError } from './errors.ts';
import { makeFolder } from './file-io.ts';
import { FileSegment } from './file-segment.ts';
import { canTakeFile, hasWholeFile, WHOLE_FILE_BYTES } from './recycling.ts';
import { SegmentFiles } from './segment-files.ts';
import type { SegmentHome } from './segment-home.ts';
import { SegmentIndex } from './segment-index.ts';
import { entryOfRow, rowOf, segmentOfRow } from './segment-rows.ts';
import type { TableEntry } from './segment-table.ts';
import { TableStore } from './table-store.ts';
import { UseClock } from './use-clock.ts';

/** What the store on disk is made of. */
export interface FileBlockStoreParts {
  readonly log: Log;
  /** Milliseconds since 1970: the clock on the wall. */
  readonly now?: () => number;
}

/** Where the store on disk lies and how much it may keep. */
export interface FileBlockStoreOptions {
  /** Made where it doesn't exist yet; on a disk of this machine. */
  readonly folder: string;
  /** Most bytes of segments on disk. */
  readonly limitBytes: number;
  /** Segments not used for so long are evicted; 28 days, as in BranchCache. */
  readonly maxAgeMs?: number;
  /** The share of the disk, below 1, that is left free even within the limit; none. */
  readonly keepFreeFraction?: number;
}

/** Enough for 32 GiB of content in use at a time; 17 KiB each. */
const HOT_SEGMENTS = 1024;

type FileEntry = TableEntry<FileSegment>;

/**
 * Opens the store in a folder, which is this process's alone until the store is disposed, and
 * evicts what is too old. Whatever is damaged there is forgotten, with a warning.
 *
 * @throws {StoreInUseError} when another process has the folder open
 * @throws {StoreUnwritableError} when the folder can't be made or written to
 * @throws {StoreFullError} when the disk has no room for an index
 */
export async function openFileBlockStore(
  { log, now = Date.now }: FileBlockStoreParts,
  { folder, limitBytes, maxAgeMs = 28 * DAY_MS, keepFreeFraction = 0 }: FileBlockStoreOptions,
): Promise<BlockStore> {
  if (!(limitBytes >= 0)) throw new RangeError(`limitBytes is ${limitBytes}`);
  if (!(keepFreeFraction >= 0 && keepFreeFraction < 1)) {
    throw new RangeError(`keepFreeFraction is ${keepFreeFraction}, not from 0 to below 1`);
  }
  await using parts = new AsyncDisposableStack();
  try {
    await makeFolder(folder);
    // First: it is the lock, and nothing in the folder may be touched without it.
    const index = parts.use(SegmentIndex.open(folder, log));
    const files = parts.use(await SegmentFiles.openFolder(join(folder, 'segments')));
    const clock = new UseClock(now, index.summaries.at(-1)?.lastUsedMs);
    const options = { folder, limitBytes, maxAgeMs, keepFreeFraction };
    const store = new FileBlockStore({ log, now, clock, index, files }, options);
    await store.takeStock(now());
    await store.evictAged();
    parts.move();
    return store;
  } catch (error) {
    throw writeError(error, folder, 0);
  }
}

class FileBlockStore extends TableStore<FileSegment> {
  readonly #folder: string;
  readonly #files: SegmentFiles;
  readonly #log: Log;
  readonly #index: SegmentIndex;
  readonly #keepFreeFraction: number;
  /** The segments that nobody holds but that are kept loaded; those that are held stay anyway. */
  readonly #hot = new LRUCache<string, FileSegment>({
    max: HOT_SEGMENTS,
    dispose: (_, key) => this.#unload(key),
  });

  constructor(
    parts: {
      readonly log: Log;
      readonly now: () => number;
      readonly clock: UseClock;
      readonly index: SegmentIndex;
      readonly files: SegmentFiles;
    },
    options: Required<FileBlockStoreOptions>,
  ) {
    super(parts, options);
    this.#folder = options.folder;
    this.#files = parts.files;
    this.#log = parts.log;
    this.#index = parts.index;
    this.#keepFreeFraction = options.keepFreeFraction;
  }

  /** Fills the table from the index, and deletes what index and files don't agree on. */
  async takeStock(nowMs: number): Promise<void> {
    const orphans = await this.#files.keys();
    let lost = 0;
    for (const row of this.#index.summaries.splice(0)) {
      const entry = entryOfRow(row, nowMs);
      const key = row.segmentId.toString('hex');
      if (entry && (orphans.delete(key) || row.hasBlocks === 0)) this.table.add(entry);
      else {
        this.#index.deleteSoon(key);
        lost++;
      }
    }
    await Promise.all(Array.from(orphans, (key) => this.#files.remove(key)));
    if (orphans.size > 0 || lost > 0) {
      const facts = { folder: this.#folder, filesWithoutRow: orphans.size, rowsWithoutFile: lost };
      this.#log.warn(facts, 'store index and segment files differed');
    }
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await using parts = new AsyncDisposableStack();
    parts.use(this.#index);
    parts.use(this.#files);
    await super[Symbol.asyncDispose]();
  }

  protected segmentOf(entry: FileEntry): FileSegment | undefined {
    entry.segment ??= this.#load(entry);
    if (entry.segment !== undefined) this.#hot.set(entry.key, entry.segment);
    return entry.segment;
  }

  protected create(
    entry: FileEntry,
    description: SegmentDescription,
    keys: SegmentKeys,
  ): FileSegment {
    const segment = new FileSegment(this.#homeOf(entry), { segmentEntry: description.entry, keys });
    this.#hot.set(entry.key, segment);
    return segment;
  }

  protected save(entry: FileEntry): void {
    const { segment } = entry;
    if (segment !== undefined) this.#index.saveSoon(entry.key, () => rowOf(entry, segment));
  }

  protected released(entry: FileEntry): void {
    if (!this.#hot.has(entry.key)) entry.segment = undefined;
  }

  protected async discard(entries: readonly FileEntry[]): Promise<void> {
    for (const { key } of entries) {
      this.#hot.delete(key);
      this.#index.deleteSoon(key);
    }
    try {
      await Promise.all(entries.map(({ key }) => this.#files.remove(key)));
    } catch (error) {
      throw writeError(error, this.#folder, 0);
    }
  }

  #load(entry: FileEntry): FileSegment | undefined {
    try {
      const details = this.#index.read(entry.key);
      const segment = details && segmentOfRow(this.#homeOf(entry), details);
      if (segment !== undefined) return segment;
    } catch (error) {
      if (!systemCode(error)?.startsWith('SQLITE')) throw error;
    }
    this.#log.warn(
      { segment: entry.key.slice(0, 8) },
      'segment forgotten, its index row is damaged',
    );
    this.forget(entry);
    return undefined;
  }

  #unload(key: string): void {
    const entry = this.table.get(key);
    if (entry?.holders === 0) entry.segment = undefined;
  }

  #homeOf(entry: FileEntry): SegmentHome {
    return {
      entry,
      folder: this.#folder,
      files: this.#files,
      log: this.#log,
      reserve: (bytes) => this.#reserve(entry, bytes),
      release: (bytes) => this.table.grow(entry, -bytes),
      freeUp: (bytes) => this.#freeUp(bytes),
      changed: () => this.changed(entry),
      damaged: (blockIndex) => this.#damaged(entry, blockIndex),
    };
  }

  async #reserve(entry: FileEntry, bytes: number): Promise<number> {
    const limitBytes = await this.#limitNow();
    const going = this.table.makeRoom(bytes, limitBytes, this.#folder);
    const recycled = canTakeFile(entry) ? going.find((victim) => hasWholeFile(victim)) : undefined;
    const countedBytes = recycled === undefined ? bytes : WHOLE_FILE_BYTES;
    this.table.grow(entry, countedBytes);
    // Begun before anything is waited for: the victims' names may be asked for again at once.
    const recycling = recycled && this.#files.recycle(recycled.key, entry.key);
    try {
      await Promise.all([recycling, this.evict(going)]);
    } catch (error) {
      this.table.grow(entry, -countedBytes);
      throw error;
    }
    return recycled === undefined ? bytes : 0;
  }

  async #freeUp(bytes: number): Promise<void> {
    await this.evict(this.table.makeRoom(bytes, this.table.usedBytes, this.#folder));
  }

  #damaged({ key }: FileEntry, blockIndex: number): void {
    this.#log.warn({ segment: key.slice(0, 8), blockIndex }, 'block damaged on disk');
    this.events.emit('block-damaged', { segmentId: Buffer.from(key, 'hex'), blockIndex });
  }

  async #limitNow(): Promise<number> {
    const { limitBytes } = this.limits;
    if (this.#keepFreeFraction === 0) return limitBytes;
    const disk = await statfs(this.#folder).catch(() => undefined);
    // A folder that is gone says nothing of its disk; the write that follows makes it again.
    if (disk === undefined) return limitBytes;
    const freeBytes = (disk.bavail - this.#keepFreeFraction * disk.blocks) * disk.bsize;
    return Math.min(limitBytes, this.table.usedBytes + freeBytes);
  }
}
