import type { JobPage, JobsStatus, JobState } from '@peer-cache/protocol';
import { JobRequestError } from './errors.ts';
import type { JobQuery } from './job-control.ts';
import { summaryOf } from './job-reports.ts';
import type { Job } from './job.ts';

const DEFAULT_PAGE = 100;
const MOST_ON_PAGE = 1000;
const NO_JOBS: Readonly<Record<JobState, number>> = {
  suspended: 0,
  queued: 0,
  connecting: 0,
  transferring: 0,
  'transient-error': 0,
  error: 0,
  transferred: 0,
  acknowledged: 0,
  cancelled: 0,
};

/**
 * A page of jobs, in order of creation. The next one begins after a number and not after a job, which
 * may be gone by then.
 *
 * @throws {JobRequestError} for an `after` that was never a `next`
 */
export function pageOf(
  jobs: Iterable<Job>,
  { states, limit = DEFAULT_PAGE, after }: JobQuery = {},
): JobPage {
  const afterNumber = numberOf(after);
  const all = [...jobs];
  const matching = all.filter(({ state }) => states === undefined || states.includes(state));
  const rest = matching.filter(({ record }) => record.number > afterNumber);
  const page = rest.slice(0, Math.min(limit, MOST_ON_PAGE));
  const next = rest.length > page.length ? page.at(-1)?.record.number : undefined;
  return {
    jobs: page.map((job) => summaryOf(job)),
    total: matching.length,
    next: next === undefined ? undefined : String(next),
  };
}

/** How many jobs are in each state, and those that run. */
export function overviewOf(
  jobs: Iterable<Job>,
  running: readonly Job[],
  sentBytes: number,
): JobsStatus {
  const counts = { ...NO_JOBS };
  for (const { state } of jobs) counts[state]++;
  return {
    counts,
    running: running.map((job) => summaryOf(job)),
    sentBytes: sentBytes === 0 ? undefined : sentBytes,
  };
}

function numberOf(after: string | undefined): number {
  if (after === undefined) return 0;
  if (/^\d{1,15}$/.test(after)) return Number(after);
  throw new JobRequestError(
    `${after} is not where a page of jobs ended; begin with the first page`,
  );
}
