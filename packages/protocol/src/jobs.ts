/**
 * Jobs as they cross the agent's control socket: what BITS calls a job, by its names. Types only.
 * Times are milliseconds since 1970; durations are seconds, as people write them.
 */
import type { BytesBySource } from './bytes-by-source.ts';
import type { Failure } from './failure.ts';
import type { JobError, JobFileRequest, JobFileStatus } from './job-files.ts';
import type { CostPolicy } from './network-cost.ts';

/** What happens to a job, and what a person may do to it: see `MOVES` of `@peer-cache/jobs`. */
export type JobState =
  | 'suspended'
  | 'queued'
  | 'connecting'
  | 'transferring'
  | 'transient-error'
  | 'error'
  | 'transferred'
  | 'acknowledged'
  | 'cancelled';

/** The most urgent first. Foreground competes for bandwidth, the others take what is idle. */
export type JobPriority = 'foreground' | 'high' | 'normal' | 'low';

/** What a job does: brings files, sends them, or sends them and brings what is answered to each. */
export type JobKind = 'download' | 'upload' | 'upload-reply';

/** What can be set on a job, at its creation and at any time after. */
export interface JobSettings {
  /** At most 256 characters; not unique. */
  readonly name: string;
  /** At most 1024 characters. */
  readonly description: string;
  readonly priority: JobPriority;
  /** Waited after a transient error; at least 5. */
  readonly minimumRetryDelaySeconds: number;
  /** Transient errors without a byte between them for so long become an error; 0: at once. */
  readonly noProgressTimeoutSeconds: number;
  /** Most seconds of connecting and transferring. */
  readonly maximumDownloadSeconds: number;
  /** Whether files get their names as soon as all are transferred, without `complete`. */
  readonly autoComplete: boolean;
  /** Whether files that exist may be replaced, at the moment of completion. */
  readonly overwrite: boolean;
  /** Whether blocks are exchanged with peers. */
  readonly sharing: boolean;
  /** Names of `[notify.NAME]` tables of the configuration: whom to tell of `transferred` and `error`. */
  readonly notify: readonly string[];
  readonly transport: TransportSettings;
  /** Most bytes per second over the WAN; 0 for none at all. Absent: as many as there are. */
  readonly limit?: number | undefined;
  /** Absent: the configuration's. */
  readonly costPolicy?: CostPolicy | undefined;
}

/** Settings to be made: what is absent stays as it is, or as it is usual. */
export type SettingChanges = Partial<Omit<JobSettings, 'limit' | 'costPolicy'>> & {
  readonly limit?: number | 'none' | undefined;
  readonly costPolicy?: CostPolicy | 'default' | undefined;
};

/** How a job reaches its origins, without the secrets. */
export interface TransportSettings {
  readonly proxy: ProxyUse;
  readonly redirects: RedirectPolicy;
  /** Whether a redirect may lead from `https:` to `http:`. */
  readonly allowHttp: boolean;
  /** PEM file with certificate authorities that are trusted in addition to the system's. */
  readonly caFile?: string | undefined;
}

/** `environment`: HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the agent; else a proxy of the job's own. */
export type ProxyUse =
  | { readonly use: 'environment' }
  | { readonly use: 'none' }
  | { readonly use: 'explicit'; readonly url: string; readonly bypass: readonly string[] };

export type RedirectPolicy = 'follow' | 'same-origin' | 'refuse';

/** What a job may need to be let in. Written once, kept apart, never shown again. */
export interface JobSecrets {
  /** Sent with each request to the file's own origin, at most 16 KiB in all. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly origin?: Credentials | undefined;
  readonly proxy?: Credentials | undefined;
  readonly clientCertificate?: ClientCertificate | undefined;
}

export type Credentials =
  | {
      readonly scheme: 'basic' | 'digest';
      readonly user: string;
      readonly password: string;
    }
  | { readonly scheme: 'bearer'; readonly token: string };

/** PEM texts, or the base64 of a PKCS #12 file in `pfx`. */
export interface ClientCertificate {
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly pfx?: string | undefined;
  readonly passphrase?: string | undefined;
}

/** The body of `POST /v1/jobs`. A job starts `suspended`, unless it is to be resumed at once. */
export interface JobRequest extends SettingChanges {
  /** Absent: `download`. */
  readonly kind?: JobKind | undefined;
  readonly name: string;
  readonly files?: readonly JobFileRequest[] | undefined;
  readonly secrets?: JobSecrets | undefined;
  readonly resume?: boolean | undefined;
}

/** The body of `PATCH /v1/jobs/ID`: what is absent stays. Secrets are replaced one by one. */
export interface JobChanges extends SettingChanges {
  readonly secrets?: JobSecrets | undefined;
}

/** The body of `POST /v1/jobs/ID/files`. */
export interface FilesAddition {
  readonly files: readonly JobFileRequest[];
}

/** The body of `POST /v1/jobs/ID/retarget`: one file's URL, or the prefix of all that have it. */
export type Retarget =
  | { readonly fileIndex: number; readonly url: string }
  | { readonly oldPrefix: string; readonly newPrefix: string };

/** One line of a list of jobs. */
export interface JobSummary {
  readonly id: string;
  readonly kind: JobKind;
  readonly name: string;
  readonly state: JobState;
  readonly priority: JobPriority;
  readonly fileCount: number;
  readonly transferredFileCount: number;
  readonly failedFileCount: number;
  /** Absent until every file's size is known. */
  readonly sizeBytes?: number | undefined;
  readonly doneBytes: number;
  /** What arrived, by where it came from; more than `doneBytes` where something was fetched again. */
  readonly bytes: BytesBySource;
  /** What went out, that which was sent again included; absent for a job that only brings files. */
  readonly sentBytes?: number | undefined;
  readonly createdMs: number;
  /** Of the last change of any kind. */
  readonly modifiedMs: number;
  readonly transferredMs?: number | undefined;
  /** The error that the job is in, in `error` and `transient-error`. */
  readonly error?: JobError | undefined;
  /** Until a transient error is tried again; absent where that waits for an event. */
  readonly retryInSeconds?: number | undefined;
}

export interface JobDetails extends JobSummary {
  readonly settings: JobSettings;
  /** Which secrets the job has, not what they are. */
  readonly secrets: SecretNames;
  readonly files: readonly JobFileStatus[];
  /** Of all errors so far, those forgotten included. */
  readonly errorCount: number;
  /** The latest errors, newest first. */
  readonly errors: readonly JobError[];
  readonly times: JobTimes;
}

export interface SecretNames {
  readonly headers: readonly string[];
  readonly origin: boolean;
  readonly proxy: boolean;
  readonly clientCertificate: boolean;
}

/** Running times of a job, in seconds; what a limit is compared with. */
export interface JobTimes {
  /** Spent connecting and transferring. */
  readonly activeSeconds: number;
  /** Since the first transient error without progress after it. */
  readonly noProgressSeconds: number;
  /** Since anything last happened to the job. */
  readonly inactiveSeconds: number;
}

/** The answer to `GET /v1/jobs?state=&after=&limit=`: a page, in order of creation. */
export interface JobPage {
  readonly jobs: readonly JobSummary[];
  /** Jobs that match, on all pages. */
  readonly total: number;
  /** To be given as `after` for the next page; absent on the last. */
  readonly next?: string | undefined;
}

/** The answer to `POST /v1/jobs/ID/complete`. */
export interface CompletionReport {
  readonly state: JobState;
  /** Paths that now have their content. */
  readonly released: readonly string[];
  /** Files that were not transferred and are given up. */
  readonly dropped: readonly string[];
  /** Files that could not get their names; the job stays, and may be completed again. */
  readonly failures: readonly (Failure & { readonly path: string })[];
}

/** The answer to `GET /v1/jobs/ID/reply`: what a server made of an upload, up to 1 MiB of it. */
export interface JobReply {
  /** Where it goes when the job is completed. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly base64: string;
}

/** The answer to `GET /v1/jobs/ID/why`: what exactly a job waits for, the first thing first. */
export interface JobExplanation {
  readonly id: string;
  readonly name: string;
  readonly state: JobState;
  readonly reasons: readonly WaitReason[];
}

export interface WaitReason {
  /** Stable, such as `retry-delay`, `higher-priority`, `network`, `suspended`, `completion`. */
  readonly code: string;
  /** For people: what it waits for, and what they can do. */
  readonly text: string;
  /** Until it will be tried; absent where no time is known. */
  readonly inSeconds?: number | undefined;
}

/** What `GET /v1/events` sends, as server-sent events named by `event`. */
export type JobEvent =
  | {
      readonly event: 'job-created' | 'job-moved';
      readonly job: JobSummary;
      /** The state it left; absent for a new job. */
      readonly from?: JobState | undefined;
    }
  | { readonly event: 'job-progressed' | 'job-changed'; readonly job: JobSummary }
  | { readonly event: 'job-removed'; readonly id: string; readonly state: JobState }
  | {
      readonly event: 'file-moved';
      readonly jobId: string;
      readonly file: JobFileStatus;
    };
