import { silentLog } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { JobError } from '@peer-cache/protocol';
import type { Database as Sqlite } from 'better-sqlite3';
import type { FileRecord, JobRecord, KeptSegment } from '../records.ts';
import { JournalFields } from './journal-fields.ts';
import {
  errorOfRow,
  fileOfRow,
  jobOfRow,
  keptSegmentOfRow,
  rowOfFile,
  rowOfJob,
} from './journal-rows.ts';
import { journalError, openJournalFile } from './journal-schema.ts';
import { prepareStatements } from './journal-statements.ts';
import type { JournalStatements } from './journal-statements.ts';
import { jsonOf } from './journal-values.ts';
import { MOST_ERRORS } from './journal.ts';
import type { Journal } from './journal.ts';

export interface JournalOptions {
  readonly log?: Log;
  /** The wall clock, milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Opens the journal in the file `path`, or begins one; its folder must exist and belong to this
 * user alone.
 *
 * @throws {JournalInUseError} when another process has it
 * @throws {JournalDamagedError} when it can't be read for certain; it is left as it is
 * @throws {JournalFullError | JournalUnwritableError | JournalNetworkDiskError} by the disk
 */
export function openSqliteJournal(
  path: string,
  { log = silentLog, now = Date.now }: JournalOptions = {},
): SqliteJournal {
  return openJournalFile(path, { log }, (database) => new SqliteJournal(database, { path, now }));
}

/**
 * Jobs in an SQLite file. Every call throws {@link JournalFullError} or
 * {@link JournalUnwritableError} when the disk does, and has changed nothing then.
 */
export class SqliteJournal implements Journal {
  readonly #database: Sqlite;
  readonly #path: string;
  readonly #now: () => number;
  readonly #sql: JournalStatements;
  #savedMs: number | undefined;
  /** Transactions that are open, one in the other. */
  #depth = 0;
  #hasWritten = false;
  /** Set when SQLite has undone the outermost transaction because of an error in an inner one. */
  #undoneBy: Error | undefined;

  constructor(
    database: Sqlite,
    { path, now }: { readonly path: string; readonly now: () => number },
  ) {
    this.#database = database;
    this.#path = path;
    this.#now = now;
    this.#sql = prepareStatements(database);
    const row = this.#sql.clock.get();
    if (row === undefined) return;
    this.#savedMs = new JournalFields({ path, row: () => 'the clock' }, row).amount('saved_ms');
  }

  jobs(): JobRecord[] {
    return this.#read(() => this.#sql.jobs.all()).map((row) => jobOfRow(this.#path, row));
  }

  files(jobId: string): FileRecord[] {
    const rows = this.#read(() => this.#sql.files.all({ jobId }));
    return rows.map((row) => fileOfRow(this.#path, jobId, row));
  }

  insertJob(job: JobRecord, files: readonly FileRecord[]): void {
    this.#write(() => {
      this.#sql.insertJob.run(rowOfJob(job));
      for (const file of files) this.#sql.insertFile.run(rowOfFile(file));
    });
  }

  insertFiles(files: readonly FileRecord[]): void {
    this.#write(() => {
      for (const file of files) this.#sql.insertFile.run(rowOfFile(file));
    });
  }

  saveJob(job: JobRecord): void {
    this.#write(() => this.#sql.saveJob.run(rowOfJob(job)));
  }

  saveFile(file: FileRecord): void {
    this.#write(() => this.#sql.saveFile.run(rowOfFile(file)));
  }

  removeJob(jobId: string): void {
    this.#write(() => this.#sql.removeJob.run({ jobId }));
  }

  keptSegments(jobId: string, fileIndex: number): KeptSegment[] {
    const rows = this.#read(() => this.#sql.keptSegments.all({ jobId, fileIndex }));
    return rows.map((row) => keptSegmentOfRow(this.#path, jobId, row));
  }

  keep(jobId: string, fileIndex: number, segments: readonly KeptSegment[]): void {
    this.#write(() => {
      for (const { segmentIndex, blocks, blockHashes = null } of segments) {
        this.#sql.keep.run({ jobId, fileIndex, segmentIndex, blocks, blockHashes });
      }
    });
  }

  forgetKept(jobId: string, fileIndex: number): void {
    this.#write(() => this.#sql.forgetKept.run({ jobId, fileIndex }));
  }

  noteError(jobId: string, error: JobError): void {
    this.#write(() => {
      this.#sql.noteError.run({ jobId, error: jsonOf(error) });
      this.#sql.forgetErrors.run({ jobId, most: MOST_ERRORS });
    });
  }

  errors(jobId: string, most: number): JobError[] {
    const rows = this.#read(() => this.#sql.errors.all({ jobId, most }));
    return rows.map((row) => errorOfRow(this.#path, jobId, row));
  }

  lastSavedMs(): number | undefined {
    return this.#savedMs;
  }

  transact<T>(work: () => T): T {
    if (this.#depth === 0) this.#undoneBy = undefined;
    const savedMs = this.#savedMs;
    this.#depth++;
    try {
      return this.#database.transaction(() => this.#within(work)).immediate();
    } catch (cause) {
      this.#savedMs = savedMs;
      const error = journalError(cause, this.#path);
      const isUndone = this.#depth > 1 && !this.#database.inTransaction;
      if (isUndone && error instanceof Error) this.#undoneBy = error;
      throw error;
    } finally {
      this.#depth--;
      if (this.#depth === 0) this.#hasWritten = false;
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #within<T>(work: () => T): T {
    this.#refuseUndone();
    const result = work();
    this.#refuseUndone();
    if (this.#depth === 1 && this.#hasWritten) this.#noteTime();
    return result;
  }

  /** Whoever caught the error and went on would write outside of any transaction. */
  #refuseUndone(): void {
    if (this.#undoneBy !== undefined) throw this.#undoneBy;
  }

  #noteTime(): void {
    const savedMs = this.#now();
    this.#sql.saveClock.run({ savedMs });
    this.#savedMs = savedMs;
  }

  #write(work: () => void): void {
    this.transact(() => {
      this.#hasWritten = true;
      work();
    });
  }

  #read<T>(query: () => T): T {
    try {
      return query();
    } catch (cause) {
      throw journalError(cause, this.#path);
    }
  }
}
