import { basename } from 'node:path';
import { SECOND_MS } from '@peer-cache/core';
import type { Progress } from '@peer-cache/download';
import type {
  JobDetails,
  JobError,
  JobFileStatus,
  JobSummary,
  JobTimes,
  RequestedRange,
} from '@peer-cache/protocol';
import { shownUrl } from '@peer-cache/transport';
import type { UploadProgress } from '@peer-cache/upload';
import { isFileDone } from './job-state.ts';
import type { FileRecord, JobRecord, JobTimers } from './records.ts';

/** What the files of a job add up to. */
export interface JobTotals {
  readonly transferredFileCount: number;
  readonly failedFileCount: number;
  /** Undefined until every file's size is known. */
  readonly sizeBytes: number | undefined;
  readonly doneBytes: number;
}

/** What is told of a job is made of this. */
export interface ReportedJob {
  readonly record: JobRecord;
  /** As of now. */
  readonly timers: JobTimers;
  readonly totals: JobTotals;
  readonly files: readonly FileRecord[];
  readonly live: LiveFiles;
}

/** What is told of a file while it is transferred. */
export type LiveFile = Pick<Progress | UploadProgress, 'sizeBytes' | 'doneBytes'>;

type LiveFiles = ReadonlyMap<number, LiveFile>;

export function totalsOf(files: readonly FileRecord[], live: LiveFiles): JobTotals {
  let transferredFileCount = 0;
  let failedFileCount = 0;
  let sizeBytes: number | undefined = 0;
  let doneBytes = 0;
  for (const file of files) {
    const progress = live.get(file.index);
    if (isFileDone(file.state)) transferredFileCount++;
    if (file.state === 'failed') failedFileCount++;
    const size = sizeOf(file, progress);
    sizeBytes = size === undefined || sizeBytes === undefined ? undefined : sizeBytes + size;
    doneBytes += doneOf(file, progress);
  }
  return { transferredFileCount, failedFileCount, sizeBytes, doneBytes };
}

export function summaryOf(job: ReportedJob): JobSummary {
  const { id, kind, state, settings, fileCount, createdMs, modifiedMs } = job.record;
  const { retryInMs } = job.timers;
  const isWaiting = state === 'transient-error' && retryInMs !== undefined;
  return {
    id,
    kind,
    name: settings.name,
    state,
    priority: settings.priority,
    fileCount,
    ...job.totals,
    bytes: job.record.bytes,
    sentBytes: kind === 'download' ? undefined : job.record.sentBytes,
    createdMs,
    modifiedMs,
    transferredMs: job.record.transferredMs,
    error: job.record.error,
    retryInSeconds: isWaiting ? Math.ceil(retryInMs / SECOND_MS) : undefined,
  };
}

export function detailsOf(job: ReportedJob, errors: readonly JobError[]): JobDetails {
  const { settings, secrets, errorCount } = job.record;
  return {
    ...summaryOf(job),
    settings,
    secrets,
    files: job.files.map((file) => fileStatusOf(file, job.live.get(file.index))),
    errorCount,
    errors,
    times: timesOf(job.timers),
  };
}

export function fileStatusOf(file: FileRecord, progress: LiveFile | undefined): JobFileStatus {
  const { index, url, path, mirrors, ranges, error, responseHeaders, version, upload } = file;
  const session = version?.kind === 'sent' ? version.session : undefined;
  const isComing = progress !== undefined && file.state === 'waiting';
  return {
    index,
    url: shownUrl(url),
    path,
    state: isComing ? 'transferring' : file.state,
    sizeBytes: sizeOf(file, progress),
    doneBytes: doneOf(file, progress),
    mirrors: mirrors?.map(shownUrl),
    ranges,
    error,
    responseHeaders,
    digest: version?.kind === 'described' ? version.digest : undefined,
    upload: upload && {
      name: upload.name ?? basename(path),
      protocol: session?.protocol ?? upload.protocol,
    },
  };
}

/** Until the origin has answered, what earlier attempts brought. */
function doneOf(file: FileRecord, progress: LiveFile | undefined): number {
  if (progress === undefined) return file.doneBytes;
  const isUnanswered = progress.sizeBytes === undefined && progress.doneBytes === 0;
  return isUnanswered ? file.doneBytes : progress.doneBytes;
}

function sizeOf(file: FileRecord, progress: LiveFile | undefined): number | undefined {
  return progress?.sizeBytes ?? file.sizeBytes ?? sumOf(file.ranges);
}

/** What closed ranges ask for, whatever the content's size. */
function sumOf(ranges: readonly RequestedRange[] | undefined): number | undefined {
  let sum: number | undefined = ranges === undefined ? undefined : 0;
  for (const { startByte, endByte } of ranges ?? []) {
    sum = sum === undefined || endByte === undefined ? undefined : sum + endByte - startByte;
  }
  return sum;
}

function timesOf({ activeMs, noProgressMs = 0, inactiveMs }: JobTimers): JobTimes {
  return {
    activeSeconds: wholeSeconds(activeMs),
    noProgressSeconds: wholeSeconds(noProgressMs),
    inactiveSeconds: wholeSeconds(inactiveMs),
  };
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / SECOND_MS);
}
