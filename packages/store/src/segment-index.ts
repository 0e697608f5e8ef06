import { join } from 'node:path';
import type { Log } from '@peer-cache/core';
import type { Database as Sqlite, Statement, Transaction } from 'better-sqlite3';
import { systemCode } from './errors.ts';
import { openIndexFile } from './index-schema.ts';

const INDEX_FILE = 'index.db';
/** What a crash can cost: blocks of the last quarter of a second are fetched again. */
const SAVE_DELAY_MS = 250;
const MOST_UNSAVED = 512;

/** What is read of every segment at once, when the store opens. */
export interface IndexSummary {
  readonly segmentId: Buffer;
  readonly proofKey: Buffer;
  readonly sizeBytes: number;
  readonly storedBytes: number;
  readonly serveUntilMs: number;
  readonly lastUsedMs: number;
  readonly isPinned: number;
  readonly hasBlocks: number;
}

/** What is read of one segment when it is needed. */
export interface IndexDetails {
  readonly segmentHash: Buffer;
  readonly segmentSecret: Buffer;
  readonly blocks: Buffer;
  readonly blockHashList: Buffer | null;
}

/** A segment's row as it is to be written. */
export interface IndexRow {
  readonly segmentId: Uint8Array;
  readonly proofKey: Uint8Array;
  readonly segmentHash: Uint8Array;
  readonly segmentSecret: Uint8Array;
  readonly sizeBytes: number;
  readonly blocks: Uint8Array;
  readonly storedBytes: number;
  readonly serveUntilMs: number;
  readonly lastUsedMs: number;
  readonly isPinned: number;
  readonly blockHashList: Uint8Array | undefined;
}

/** Which blocks of which segments are in a store folder: only a hint, every block is verified. */
export class SegmentIndex implements Disposable {
  readonly #database: Sqlite;
  readonly #log: Log;
  readonly #details: Statement<[Uint8Array], IndexDetails>;
  readonly #saveAll: Transaction<() => void>;
  /** By key: how to make the row, or undefined to delete it. */
  readonly #unsaved = new Map<string, (() => IndexRow) | undefined>();
  #timer: NodeJS.Timeout | undefined;
  #isFailing = false;
  /** Taken once, by whoever opens the index. In the order of the last use, oldest first. */
  readonly summaries: IndexSummary[];

  private constructor(database: Sqlite, log: Log) {
    this.#database = database;
    this.#log = log;
    this.#details = database.prepare(DETAILS);
    this.#saveAll = database.transaction(this.#savingAll(database));
    this.summaries = database.prepare<[], IndexSummary>(SUMMARIES).all();
  }

  /**
   * Opens the index of `folder` for this process alone; one that is damaged is begun anew.
   *
   * @throws {StoreInUseError} when another process has it
   * @throws {StoreUnwritableError} or {@link StoreFullError} when it can't be made
   */
  static open(folder: string, log: Log): SegmentIndex {
    const path = join(folder, INDEX_FILE);
    return openIndexFile(path, { folder, log }, (database) => new SegmentIndex(database, log));
  }

  /** @throws {Error} of SQLite when the file was damaged meanwhile */
  read(key: string): IndexDetails | undefined {
    if (this.#unsaved.has(key)) this.#save();
    return this.#details.get(Buffer.from(key, 'hex'));
  }

  /** Writes the segment's row soon; `makeRow` is called then, so that many changes cost one row. */
  saveSoon(key: string, makeRow: () => IndexRow): void {
    // A row that goes and comes back starts afresh, with its list: the old one may be damaged.
    if (this.#unsaved.has(key) && this.#unsaved.get(key) === undefined) this.#save();
    this.#changeSoon(key, makeRow);
  }

  deleteSoon(key: string): void {
    this.#changeSoon(key, undefined);
  }

  [Symbol.dispose](): void {
    this.#save();
    this.#database.close();
  }

  #changeSoon(key: string, makeRow: (() => IndexRow) | undefined): void {
    this.#unsaved.set(key, makeRow);
    if (this.#unsaved.size >= MOST_UNSAVED && !this.#isFailing) this.#save();
    else this.#timer ??= setTimeout(() => this.#save(), SAVE_DELAY_MS).unref();
  }

  #save(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#unsaved.size === 0) return;
    try {
      this.#saveAll();
      this.#unsaved.clear();
      this.#isFailing = false;
    } catch (error) {
      // Kept for the next time. The store goes on in memory: what the index lacks is fetched again.
      if (!this.#isFailing) {
        this.#log.warn({ code: systemCode(error), reason: String(error) }, 'store index not saved');
      }
      this.#isFailing = true;
    }
  }

  #savingAll(database: Sqlite): () => void {
    const saveSegment = database.prepare<[Omit<IndexRow, 'blockHashList'>]>(SAVE_SEGMENT);
    const saveList = database.prepare<[Uint8Array, Uint8Array]>(SAVE_LIST);
    const deleteSegment = database.prepare<[Uint8Array]>(DELETE_SEGMENT);
    const deleteList = database.prepare<[Uint8Array]>(DELETE_LIST);
    return () => {
      for (const [key, makeRow] of this.#unsaved) {
        if (makeRow === undefined) {
          deleteSegment.run(Buffer.from(key, 'hex'));
          deleteList.run(Buffer.from(key, 'hex'));
        } else {
          const { blockHashList, ...row } = makeRow();
          saveSegment.run(row);
          if (blockHashList !== undefined) saveList.run(row.segmentId, blockHashList);
        }
      }
    };
  }
}

const SUMMARIES = `
  SELECT segment_id AS segmentId, proof_key AS proofKey, size_bytes AS sizeBytes,
    stored_bytes AS storedBytes, serve_until_ms AS serveUntilMs, last_used_ms AS lastUsedMs,
    is_pinned AS isPinned, blocks <> zeroblob(length(blocks)) AS hasBlocks
  FROM segments ORDER BY last_used_ms`;

const DETAILS = `
  SELECT segment_hash AS segmentHash, segment_secret AS segmentSecret, blocks,
    block_hash_list AS blockHashList
  FROM segments LEFT JOIN block_hash_lists USING (segment_id) WHERE segment_id = ?`;

const SAVE_SEGMENT = `
  INSERT INTO segments (segment_id, proof_key, segment_hash, segment_secret, size_bytes, blocks,
    stored_bytes, serve_until_ms, last_used_ms, is_pinned)
  VALUES (@segmentId, @proofKey, @segmentHash, @segmentSecret, @sizeBytes, @blocks,
    @storedBytes, @serveUntilMs, @lastUsedMs, @isPinned)
  ON CONFLICT DO UPDATE SET blocks = excluded.blocks, stored_bytes = excluded.stored_bytes,
    serve_until_ms = excluded.serve_until_ms, last_used_ms = excluded.last_used_ms,
    is_pinned = excluded.is_pinned`;

const SAVE_LIST = 'INSERT INTO block_hash_lists VALUES (?, ?) ON CONFLICT DO NOTHING';
const DELETE_SEGMENT = 'DELETE FROM segments WHERE segment_id = ?';
const DELETE_LIST = 'DELETE FROM block_hash_lists WHERE segment_id = ?';
