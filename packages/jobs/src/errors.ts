import { PeerCacheError } from '@peer-cache/core';
import type { JobState } from '@peer-cache/protocol';

/** There is no such job (BG_E_NOT_FOUND). */
export class JobNotFoundError extends PeerCacheError {
  readonly code = 'JOB_NOT_FOUND';

  constructor(job: string) {
    super(`there is no job ${job}; peer-cache job list shows all`);
  }
}

/** More than one job goes by this name or begins with this ID. */
export class JobAmbiguousError extends PeerCacheError {
  readonly code = 'JOB_AMBIGUOUS';

  constructor(job: string, ids: readonly string[]) {
    super(`${job} may be any of ${ids.join(', ')}; give more of the ID`);
  }
}

/** The job's state does not allow this (BG_E_INVALID_STATE). */
export class JobStateError extends PeerCacheError {
  readonly code = 'JOB_STATE';

  constructor(job: string, state: JobState, wanted: string) {
    super(`job ${job} is in state ${state}, in which it can't ${wanted}`);
  }
}

/** The job has no files (BG_E_EMPTY). */
export class JobEmptyError extends PeerCacheError {
  readonly code = 'JOB_EMPTY';

  constructor(job: string) {
    super(`job ${job} has no files; add some first`);
  }
}

/** Something in a request about a job can't be. */
export class JobRequestError extends PeerCacheError {
  readonly code = 'JOB_REQUEST';
}

/** One more would be too many (BG_E_TOO_MANY_...). */
export class JobLimitError extends PeerCacheError {
  readonly code = 'JOB_LIMIT';

  constructor(what: string, most: number, setting: string) {
    super(`at most ${most} ${what}; remove some, or raise ${setting} in the configuration`);
  }
}

/** The server has the file, and no answer to it yet; it is asked again later. */
export class ReplyPendingError extends PeerCacheError {
  readonly code = 'REPLY_PENDING';
  override readonly transient = true;

  constructor(url: string) {
    super(`${url} has the file, and has not answered it yet; it is asked again later`);
  }
}

/** A file does not have the digest that its job names (BG_E_VALIDATION_FAILED). */
export class ValidationFailedError extends PeerCacheError {
  readonly code = 'VALIDATION_FAILED';

  constructor(path: string, found: string) {
    super(`what came for ${path} is not what was wanted: it has ${found}; check URL and digest`);
  }
}

/** There is no network (BG_E_NETWORK_DISCONNECTED); the job goes on when there is one. */
export class NetworkDisconnectedError extends PeerCacheError {
  readonly code = 'NETWORK_DISCONNECTED';
  override readonly transient = true;

  constructor() {
    super('this machine has no network; the job goes on when there is one');
  }
}

/** The job may not use such a network (BG_E_BLOCKED_BY_COST_TRANSFER_POLICY). */
export class BlockedByCostError extends PeerCacheError {
  readonly code = 'BLOCKED_BY_COST';
  override readonly transient = true;

  constructor(policy: string, cost: string) {
    super(
      `its cost policy ${policy} keeps it off a network that is ${cost}; it goes on with one ` +
        'that it may use, or with another policy (job set --cost-policy)',
    );
  }
}

/** Connecting and transferring took longer than the job may (BG_E_MAXDOWNLOAD_TIMEOUT). */
export class DownloadTimeOverError extends PeerCacheError {
  readonly code = 'DOWNLOAD_TIME_OVER';

  constructor(mostSeconds: number) {
    super(`not done after ${mostSeconds} s of transferring; resume it to give it the time again`);
  }
}

/** Errors went on for longer than the job waits for progress. */
export class NoProgressError extends PeerCacheError {
  readonly code = 'NO_PROGRESS';

  constructor(seconds: number, last: string) {
    super(`no byte came for ${seconds} s; the last error was: ${last}`);
  }
}

/** The bytes of a file that was transferred are gone from their temporary place. */
export class TemporaryFileLostError extends PeerCacheError {
  readonly code = 'TEMPORARY_FILE_LOST';

  constructor(path: string) {
    super(`the transferred bytes of ${path} are gone; resume the job to fetch them again`);
  }
}

/** Another process has the journal open: one journal belongs to one agent. */
export class JournalInUseError extends PeerCacheError {
  readonly code = 'JOURNAL_IN_USE';

  constructor(path: string, options?: ErrorOptions) {
    super(`the journal ${path} is in use by another process: stop that agent first`, options);
  }
}

/** The journal can't be made, read or written to. */
export class JournalUnwritableError extends PeerCacheError {
  readonly code = 'JOURNAL_UNWRITABLE';

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(
      `the journal ${path} can't be written to (${reason}): let this user write there, ` +
        'or look after the disk',
      options,
    );
  }
}

/** The journal is not what this version wrote. It is left as it is: jobs are not given up silently. */
export class JournalDamagedError extends PeerCacheError {
  readonly code = 'JOURNAL_DAMAGED';

  /** `reason` names the place, and no value: a URL may be secret. */
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(
      `the journal ${path} can't be understood (${reason}): use the version of peer-cache that ` +
        'wrote it, put a copy in its place, or move it away to begin one without its jobs',
      options,
    );
  }
}

/** The disk is full; what was being written is undone. */
export class JournalFullError extends PeerCacheError {
  readonly code = 'JOURNAL_FULL';
  override readonly transient = true;

  constructor(path: string, options?: ErrorOptions) {
    super(`the disk has no room for the journal ${path}: free some`, options);
  }
}

/** The journal would lie on a disk of the network, where a lock or a sync may not hold. */
export class JournalNetworkDiskError extends PeerCacheError {
  readonly code = 'JOURNAL_NETWORK_DISK';

  constructor(path: string) {
    super(
      `the journal ${path} would lie on a network disk (NFS, SMB or CIFS), where jobs may get ` +
        'lost: choose a folder on a disk of this machine',
    );
  }
}
