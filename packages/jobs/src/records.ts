import type { Taker } from '@peer-cache/bandwidth';
import type {
  BytesBySource,
  JobError,
  JobFileRequest,
  JobFileState,
  JobKind,
  JobSettings,
  JobState,
  SecretNames,
} from '@peer-cache/protocol';
import type { LocalFileState, UploadSession } from '@peer-cache/upload';

/** A job as the journal keeps it. */
export interface JobRecord {
  /** A UUID. */
  readonly id: string;
  /** Grows from job to job: the order of creation. */
  readonly number: number;
  readonly kind: JobKind;
  readonly state: JobState;
  readonly settings: JobSettings;
  readonly secrets: SecretNames;
  readonly fileCount: number;
  readonly createdMs: number;
  readonly modifiedMs: number;
  readonly transferredMs: number | undefined;
  /** In `error` and `transient-error`: why. */
  readonly error: JobError | undefined;
  readonly errorCount: number;
  readonly bytes: BytesBySource;
  /** Content bytes that went out, those that were sent again included. */
  readonly sentBytes: number;
  readonly timers: JobTimers;
  /** Set before the first file gets its name: after a crash the rest follows. */
  readonly isCompleting: boolean;
}

/** The job as limits know it. */
export function takerOf({ id, settings }: JobRecord): Taker {
  return { jobId: id, priority: settings.priority, jobLimit: settings.limit };
}

/**
 * Running times of a job, in milliseconds. Kept as times that have run and not as times of day: a
 * clock that jumps, or a night switched off, adds at most a day.
 */
export interface JobTimers {
  /** Spent connecting and transferring, since the last `resume`. */
  readonly activeMs: number;
  /** Since the first transient error without progress after it; undefined while there was none. */
  readonly noProgressMs: number | undefined;
  /** Since anything last happened to the job. */
  readonly inactiveMs: number;
  /** Left of the retry delay; undefined where the job waits for no time. */
  readonly retryInMs: number | undefined;
}

/** One file of a job as the journal keeps it. */
export interface FileRecord extends JobFileRequest {
  readonly jobId: string;
  readonly index: number;
  readonly state: JobFileState;
  /** Of what is wanted of the content; undefined until the origin told. */
  readonly sizeBytes: number | undefined;
  readonly doneBytes: number;
  readonly error: JobError | undefined;
  readonly responseHeaders: Readonly<Record<string, string>> | undefined;
  /** Which version of the content the kept blocks are of; undefined before the first byte. */
  readonly version: FileVersion | undefined;
  /** Where the bytes lie until the file has its name. */
  readonly temporary: TemporaryFile | undefined;
}

/** Of a file that is sent: what was sent, and where the server keeps what it has of it. */
export interface SentVersion {
  readonly kind: 'sent';
  readonly local: LocalFileState;
  readonly session: UploadSession;
}

export type FileVersion = FetchedVersion | SentVersion;

/** Of a file that is brought. */
export type FetchedVersion =
  | { readonly kind: 'described'; readonly digest: string; readonly sizeBytes: number }
  | {
      readonly kind: 'plain';
      readonly url: string;
      readonly validator: string | undefined;
      readonly sizeBytes: number | undefined;
    };

/** Known by device and inode as well: what another put in its place is not ours. */
export interface TemporaryFile {
  readonly path: string;
  readonly device: number;
  readonly inode: number;
}

/** Blocks of one segment of a file that are on the disk for certain (synced before they were noted). */
export interface KeptSegment {
  readonly segmentIndex: number;
  /** A bitmap as `BlockSet` has it. */
  readonly blocks: Uint8Array;
  /** 32 bytes for each of the segment's blocks, where the origin has no content information. */
  readonly blockHashes: Uint8Array | undefined;
}
