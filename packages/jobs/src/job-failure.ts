import type { JobError } from '@peer-cache/protocol';
import { DownloadTimeOverError, NoProgressError } from './errors.ts';
import { eventOfFailure } from './job-state.ts';
import type { JobEventName } from './job-state.ts';
import type { Job } from './job.ts';
import type { FileRecord, JobRecord, JobTimers } from './records.ts';
import { onTransientError } from './timers.ts';

/** Errors that no retry mends, with what they do to the job. */
const EVENT_OF_CODE: Readonly<Record<string, JobEventName>> = {
  VALIDATION_FAILED: 'validation-failed',
  SECRETS_LOST: 'secrets-lost',
};

/** What an error at the end of a run does to its job, and when the job is tried again. */
export function moveOfFailure(
  job: Job,
  error: JobError,
  { retryAfterMs, random }: { readonly retryAfterMs: number | undefined; readonly random: number },
): { readonly event: JobEventName; readonly timers: JobTimers } {
  const { settings } = job.record;
  const { state, timers } = job;
  const isTransient = error.transient;
  const event = EVENT_OF_CODE[error.code] ?? eventOfFailure(settings, { state, isTransient });
  const isRetried = event === 'failed-transiently' || event === 'not-reached';
  if (!isRetried) return { event, timers };
  return { event, timers: onTransientError(timers, settings, { retryAfterMs, random }) };
}

/** What decides about the job: one that may pass, while there is one; else the latest. */
export function worstError(failed: readonly FileRecord[]): JobError | undefined {
  const errors = failed.map(({ error }) => error).filter((error) => error !== undefined);
  const latest = errors.toSorted((a, b) => b.atMs - a.atMs);
  return latest.find(({ transient }) => transient) ?? latest[0];
}

/** Why time alone ends a job. */
export function errorOfTime(
  event: 'download-time-over' | 'no-progress-timeout',
  { settings, error: last }: JobRecord,
): Error {
  const { maximumDownloadSeconds, noProgressTimeoutSeconds } = settings;
  return event === 'download-time-over'
    ? new DownloadTimeOverError(maximumDownloadSeconds)
    : new NoProgressError(noProgressTimeoutSeconds, last?.message ?? 'none');
}
