import type { JobDetails, JobEvent, JobState, JobSummary } from '@peer-cache/protocol';

/** How watching a job ends. */
export type WatchEnd =
  | { readonly how: 'done'; readonly job: JobDetails }
  | { readonly how: 'failed'; readonly job: JobDetails }
  | { readonly how: 'gone'; readonly job: JobDetails };

/** A job with what an event tells of it. */
export function withEvent(job: JobDetails, event: JobEvent): JobDetails {
  if (event.event === 'job-removed') {
    return event.id === job.id ? { ...job, state: event.state } : job;
  }
  if (event.event !== 'file-moved') {
    return event.job.id === job.id ? withSummary(job, event.job) : job;
  }
  if (event.jobId !== job.id) return job;
  const { file } = event;
  return { ...job, files: job.files.map((each) => (each.index === file.index ? file : each)) };
}

/** Whether nothing more happens to a job without a person, and how that is to be taken. */
export function endOf(job: JobDetails): WatchEnd | undefined {
  const hows: Partial<Record<JobState, WatchEnd['how']>> = {
    // What completes by itself is not done before it did.
    ...(job.settings.autoComplete ? {} : { transferred: 'done' }),
    acknowledged: 'done',
    error: 'failed',
    cancelled: 'gone',
  };
  const how = hows[job.state];
  return how === undefined ? undefined : { how, job };
}

/** What is absent in the summary is over: an error that is gone does not stay. */
function withSummary(job: JobDetails, summary: JobSummary): JobDetails {
  const { settings, secrets, files, errorCount, errors, times } = job;
  return { ...summary, settings, secrets, files, errorCount, errors, times };
}
