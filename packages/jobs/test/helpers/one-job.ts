import { silentLog } from '@peer-cache/core';
import type { JobState } from '@peer-cache/protocol';
import { Checkpoints } from '../../src/file/checkpoints.ts';
import type { FileLedger } from '../../src/file/file-ledger.ts';
import { JobFile, openJobFile } from '../../src/file/job-file.ts';
import type { OpenedTemporary } from '../../src/file/temporary-file.ts';
import { Job } from '../../src/job.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { createMemoryJournal } from '../../src/journal/memory-journal.ts';
import type { FileRecord, JobRecord } from '../../src/records.ts';
import { fileRecord, jobRecord } from '../journal-contract.ts';
import { HandClock } from './queue-setup.ts';

export interface OneJob extends AsyncDisposable {
  readonly journal: Journal;
  readonly checkpoints: Checkpoints;
  readonly ledger: FileLedger;
  /** Opens the temporary file of the job's only file, or takes one that was opened otherwise. */
  open(opened?: OpenedTemporary): Promise<JobFile>;
}

/** A job of one file in a journal in memory, as it would be in a new process. */
export function openOneJob(
  changes: Partial<FileRecord>,
  journal: Journal = createMemoryJournal(),
  signal: AbortSignal = new AbortController().signal,
): OneJob {
  const record = jobRecord(1);
  if (journal.jobs().length === 0) journal.insertJob(record, [fileRecord(record, 0, changes)]);
  const job = jobOf(record, { journal });
  const ledger = job.ledger(0);
  const transact = (work: () => void): void => journal.transact(work);
  const checkpoints = new Checkpoints(transact, { log: silentLog });
  const parts = { ledger, checkpoints, doneBytes: () => 1, signal };
  return {
    journal,
    checkpoints,
    ledger,
    async open(opened) {
      return opened === undefined ? await openJobFile(parts) : new JobFile(parts, opened);
    },
    [Symbol.asyncDispose]: () => checkpoints[Symbol.asyncDispose](),
  };
}

/** A job in memory as its record says, that nobody watches. */
export function jobOf(
  record: JobRecord,
  {
    journal = createMemoryJournal(),
    files = [],
  }: { readonly journal?: Journal; readonly files?: readonly FileRecord[] } = {},
): Job {
  if (!journal.jobs().some(({ id }) => id === record.id)) journal.insertJob(record, files);
  return new Job({ journal, clock: new HandClock(), tell: ignore, count: ignore }, record);
}

function ignore(): void {
  // Nobody watches.
}

/** The same job in a state. */
export function jobIn(state: JobState, number: number, changes: Partial<JobRecord> = {}): Job {
  return jobOf(jobRecord(number, { state, ...changes }));
}
