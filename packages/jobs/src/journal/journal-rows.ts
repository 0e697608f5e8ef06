import type { JobError, JobFileState, JobKind, JobState } from '@peer-cache/protocol';
import type { FileRecord, JobRecord, KeptSegment } from '../records.ts';
import { JournalFields } from './journal-fields.ts';
import {
  amount,
  count,
  errorOf,
  jsonOf,
  rangesOf,
  secretNamesOf,
  settingsOf,
  temporaryOf,
  text,
  timersOf,
  uploadOf,
  versionOf,
} from './journal-values.ts';

/** What SQLite keeps in one row, by column. */
type Row = Readonly<Record<string, string | number | Uint8Array | null>>;

const KINDS: Record<JobKind, true> = {
  download: true,
  upload: true,
  'upload-reply': true,
};
const STATES: Record<JobState, true> = {
  suspended: true,
  queued: true,
  connecting: true,
  transferring: true,
  'transient-error': true,
  error: true,
  transferred: true,
  acknowledged: true,
  cancelled: true,
};
const FILE_STATES: Record<JobFileState, true> = {
  waiting: true,
  transferring: true,
  failed: true,
  transferred: true,
  released: true,
};
/** The row of table `jobs` for a job. */
export function rowOfJob(job: JobRecord): Row {
  return {
    id: job.id,
    number: job.number,
    kind: job.kind,
    state: job.state,
    settings: jsonOf(job.settings),
    secrets: jsonOf(job.secrets),
    file_count: job.fileCount,
    created_ms: job.createdMs,
    modified_ms: job.modifiedMs,
    transferred_ms: job.transferredMs ?? null,
    error: jsonOrNull(job.error),
    error_count: job.errorCount,
    bytes: jsonOf({ ...job.bytes, sent: job.sentBytes }),
    timers: jsonOf(job.timers),
    is_completing: Number(job.isCompleting),
  };
}

/** @throws {JournalDamagedError} for a row that is no job */
export function jobOfRow(path: string, value: unknown): JobRecord {
  const row = new JournalFields({ path, row: () => rowName('job', value, 'id') }, value);
  const bytes = row.json('bytes');
  return {
    id: row.text('id'),
    number: row.count('number'),
    kind: row.oneOf('kind', KINDS),
    state: row.oneOf('state', STATES),
    settings: settingsOf(row.json('settings')),
    secrets: secretNamesOf(row.json('secrets')),
    fileCount: row.count('file_count'),
    createdMs: row.amount('created_ms'),
    modifiedMs: row.amount('modified_ms'),
    transferredMs: row.optional('transferred_ms', amount),
    error: row.optional('error', (fields, name) => errorOf(fields.json(name))),
    errorCount: row.count('error_count'),
    bytes: {
      store: bytes.count('store'),
      peers: bytes.count('peers'),
      origin: bytes.count('origin'),
    },
    // Earlier versions sent nothing.
    sentBytes: bytes.optional('sent', count) ?? 0,
    timers: timersOf(row.json('timers')),
    isCompleting: row.truth('is_completing'),
  };
}

/** The row of table `files` for a file. */
export function rowOfFile(file: FileRecord): Row {
  return {
    job_id: file.jobId,
    file_index: file.index,
    state: file.state,
    url: file.url,
    path: file.path,
    mirrors: jsonOrNull(file.mirrors),
    ranges: jsonOrNull(file.ranges),
    digest: file.digest ?? null,
    size_bytes: file.sizeBytes ?? null,
    done_bytes: file.doneBytes,
    error: jsonOrNull(file.error),
    response_headers: jsonOrNull(file.responseHeaders),
    version: jsonOrNull(file.version),
    temporary: jsonOrNull(file.temporary),
    upload: jsonOrNull(file.upload),
  };
}

/** @throws {JournalDamagedError} for a row that is no file */
export function fileOfRow(path: string, jobId: string, value: unknown): FileRecord {
  const name = (): string => `${rowName('file', value, 'file_index')} of job ${jobId}`;
  const row = new JournalFields({ path, row: name }, value);
  const mirrors = row.optional('mirrors', (fields, column) => fields.jsonTexts(column));
  const ranges = row.optional('ranges', rangesOf);
  const digest = row.optional('digest', text);
  const upload = row.optional('upload', uploadOf);
  return {
    jobId: row.text('job_id'),
    index: row.count('file_index'),
    state: row.oneOf('state', FILE_STATES),
    url: row.text('url'),
    path: row.text('path'),
    ...(mirrors && { mirrors }),
    ...(ranges && { ranges }),
    ...(digest !== undefined && { digest }),
    ...(upload && { upload }),
    sizeBytes: row.optional('size_bytes', count),
    doneBytes: row.count('done_bytes'),
    error: row.optional('error', (fields, column) => errorOf(fields.json(column))),
    responseHeaders: row.optional('response_headers', (fields, column) =>
      fields.json(column).texts(),
    ),
    version: row.optional('version', versionOf),
    temporary: row.optional('temporary', temporaryOf),
  };
}

/** @throws {JournalDamagedError} for a row that is no segment of a file of this job */
export function keptSegmentOfRow(path: string, jobId: string, value: unknown): KeptSegment {
  const name = (): string => `kept ${rowName('segment', value, 'segment_index')} of job ${jobId}`;
  const row = new JournalFields({ path, row: name }, value);
  return {
    segmentIndex: row.count('segment_index'),
    blocks: row.bytes('blocks'),
    blockHashes: row.optional('block_hashes', (fields, column) => fields.bytes(column)),
  };
}

/** @throws {JournalDamagedError} for a row that is no error */
export function errorOfRow(path: string, jobId: string, value: unknown): JobError {
  return errorOf(
    new JournalFields({ path, row: () => `an error of job ${jobId}` }, value).json('error'),
  );
}

function jsonOrNull(value: object | undefined): string | null {
  return value === undefined ? null : jsonOf(value);
}

/** Names a row for people, by the value of its key if it has one. */
function rowName(kind: string, row: unknown, key: string): string {
  const fields = Object.entries(row ?? {}).find(([name]) => name === key);
  return fields ? `${kind} ${String(fields[1])}` : `a ${kind}`;
}
