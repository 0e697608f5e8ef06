import type { Log } from '@peer-cache/core';
import type { CompletionReport, JobError } from '@peer-cache/protocol';
import { JobStateError } from './errors.ts';
import { dropTemporaries, releaseFile } from './file/release-file.ts';
import { jobErrorOf } from './job-error.ts';
import { nextState } from './job-state.ts';
import type { Job } from './job.ts';
import type { FileRecord } from './records.ts';

export interface CompletionParts {
  readonly log: Log;
  readonly wallMs: () => number;
}

/**
 * Gives the job's transferred files their names and drops the rest (T-20 to T-22). The intention
 * is journaled first: after a crash in the middle, the same call carries on. A file that can't get
 * its name keeps the job where it is, and the call may be made again.
 *
 * @throws {JobStateError} for a job that is over
 */
export async function completeJob(
  job: Job,
  { log, wallMs }: CompletionParts,
): Promise<CompletionReport> {
  if (nextState(job.state, 'completed') === undefined) {
    throw new JobStateError(job.id, job.state, 'be completed');
  }
  job.work();
  if (!job.record.isCompleting) job.change({ isCompleting: true });
  const failures: { error: JobError; path: string }[] = [];
  for (const file of job.files.filter(({ state }) => state === 'transferred')) {
    const error = await release(job, file, wallMs);
    if (error !== undefined) failures.push({ error, path: file.path });
  }
  const released = pathsOf(job, (file) => file.state === 'released');
  if (failures.length > 0) return notYet(job, { released, failures });
  const rest = job.files.filter(({ state }) => state !== 'released');
  job.move('completed');
  await dropFiles(rest, log);
  const dropped = rest.map(({ path }) => path);
  return { state: job.state, released, dropped, failures: [] };
}

/** Removes whatever the files have left beside their places; what can't be removed is logged. */
export async function dropFiles(files: readonly FileRecord[], log: Log): Promise<void> {
  for (const file of files) {
    if (file.upload !== undefined) continue;
    try {
      await dropTemporaries(file);
    } catch (error) {
      log.warn({ err: error, path: file.path }, 'temporary file could not be removed');
    }
  }
}

async function release(
  job: Job,
  file: FileRecord,
  wallMs: () => number,
): Promise<JobError | undefined> {
  const { index, url } = file;
  const { overwrite } = job.record.settings;
  try {
    // What was sent is where it belongs.
    if (file.upload === undefined) await releaseFile(file, { overwrite });
    job.ledger(index).save({ state: 'released', error: undefined });
    return undefined;
  } catch (thrown) {
    const error = jobErrorOf(thrown, { atMs: wallMs(), fileIndex: index, url });
    const isLost = error.code === 'TEMPORARY_FILE_LOST';
    // What is lost can only be fetched again; what is in the way may be moved.
    const state = isLost ? 'failed' : 'transferred';
    job.ledger(index).saveAnew({ state, error, ...(isLost ? { doneBytes: 0 } : {}) });
    job.noteError(error);
    return error;
  }
}

function notYet(
  job: Job,
  {
    released,
    failures,
  }: { released: string[]; failures: readonly { error: JobError; path: string }[] },
): CompletionReport {
  const error = failures[0]?.error;
  job.change({ isCompleting: false, error });
  if (job.state !== 'transferred') job.move('partly-completed', { error });
  return {
    state: job.state,
    released,
    dropped: [],
    failures: failures.map(({ error: { code, message, transient }, path }) => ({
      code,
      message,
      transient,
      path,
    })),
  };
}

function pathsOf(job: Job, isWanted: (file: FileRecord) => boolean): string[] {
  return job.files.filter(isWanted).map(({ path }) => path);
}
