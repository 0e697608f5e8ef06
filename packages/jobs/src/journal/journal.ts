import type { JobError } from '@peer-cache/protocol';
import { JournalFullError, JournalUnwritableError } from '../errors.ts';
import type { FileRecord, JobRecord, KeptSegment } from '../records.ts';

/** Errors that are kept of each job. */
export const MOST_ERRORS = 100;

/**
 * Jobs on disk. Each call is one transaction that has reached the disk when it returns, unless it
 * is made within `transact`. What is saved, kept or noted of a job or file that was removed is
 * forgotten: a transfer may end after its job.
 */
export interface Journal extends Disposable {
  /** Every job, in order of creation. */
  jobs(): JobRecord[];
  /** The files of a job, in order. */
  files(jobId: string): FileRecord[];

  insertJob(job: JobRecord, files: readonly FileRecord[]): void;
  insertFiles(files: readonly FileRecord[]): void;
  saveJob(job: JobRecord): void;
  saveFile(file: FileRecord): void;
  /** Removes the job, its files, their kept blocks and its errors. */
  removeJob(jobId: string): void;

  keptSegments(jobId: string, fileIndex: number): KeptSegment[];
  /** Replaces what is kept of these segments. */
  keep(jobId: string, fileIndex: number, segments: readonly KeptSegment[]): void;
  forgetKept(jobId: string, fileIndex: number): void;

  /** Keeps the latest {@link MOST_ERRORS} of a job. */
  noteError(jobId: string, error: JobError): void;
  /** Newest first. */
  errors(jobId: string, most: number): JobError[];

  /** The wall clock at the last write, in this run or an earlier one; undefined before the first. */
  lastSavedMs(): number | undefined;

  /**
   * All or nothing of what `work` writes, with one wait for the disk. Calls nest: an inner one that
   * fails is undone by itself, and the outermost one writes.
   */
  transact<T>(work: () => T): T;
}

/** Whether the journal could not be written to; nothing was changed then. */
export function isJournalTrouble(error: unknown): boolean {
  return error instanceof JournalFullError || error instanceof JournalUnwritableError;
}
