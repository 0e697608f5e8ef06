import type {
  CompletionReport,
  JobChanges,
  JobDetails,
  JobEvent,
  JobExplanation,
  JobFileRequest,
  JobPage,
  JobReply,
  JobRequest,
  JobState,
  Retarget,
} from '@peer-cache/protocol';

/** Which jobs to list. */
export interface JobQuery {
  /** Jobs in one of these states; all where absent. */
  readonly states?: readonly JobState[] | undefined;
  /** Most jobs on a page: 1 to 1000. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

/** Which events are to be told: those of one job, or of all. */
export interface EventQuery {
  readonly job?: string;
  readonly signal: AbortSignal;
}

/**
 * What can be done with jobs. Wherever a job is named, its ID, an unambiguous start of its ID of at
 * least four characters, or an unambiguous name will do.
 *
 * @throws {JobNotFoundError | JobAmbiguousError} for a job that is not there, or more than one
 * @throws {JobStateError} where the job's state does not allow it
 * @throws {JobRequestError} for a value that can't be, {@link JobLimitError} past a limit
 */
export interface JobControl {
  create(request: JobRequest): Promise<JobDetails>;
  list(query?: JobQuery): JobPage;
  details(job: string): JobDetails;
  /** What the job waits for, and when it will be tried. */
  why(job: string): JobExplanation;
  addFiles(job: string, files: readonly JobFileRequest[]): Promise<JobDetails>;
  set(job: string, changes: JobChanges): Promise<JobDetails>;
  suspend(job: string): Promise<JobDetails>;
  resume(job: string): Promise<JobDetails>;
  /** What the server answered to the only file of the job, up to 1 MiB of it. */
  reply(job: string): Promise<JobReply>;
  /** Gives files their names; in any state, those that are transferred. */
  complete(job: string): Promise<CompletionReport>;
  /** Deletes the job and whatever it has brought. */
  cancel(job: string): Promise<JobDetails>;
  retarget(job: string, retarget: Retarget): Promise<JobDetails>;
  /** What happens from now on, to one job or to all; ends with the signal. */
  events(options: EventQuery): AsyncIterable<JobEvent>;
}
