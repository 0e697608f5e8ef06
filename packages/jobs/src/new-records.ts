import type {
  JobFileRequest,
  JobKind,
  JobRequest,
  JobSettings,
  SecretNames,
  SettingChanges,
  TransportSettings,
} from '@peer-cache/protocol';
import type { Clock } from './clock.ts';
import { isFinal, isInAction } from './job-state.ts';
import type { Journal } from './journal/journal.ts';
import type { FileRecord, JobRecord } from './records.ts';
import { afterRestart, NEW_TIMERS } from './timers.ts';

/** What a job gets where nothing is said. Durations are the configuration's. */
export type SettingDefaults = Pick<
  JobSettings,
  'minimumRetryDelaySeconds' | 'noProgressTimeoutSeconds' | 'maximumDownloadSeconds'
>;

const TRANSPORT: TransportSettings = {
  proxy: { use: 'environment' },
  redirects: 'follow',
  allowHttp: false,
};

/** All settings of a job that is asked for. */
export function settingsOf(request: JobRequest, defaults: SettingDefaults): JobSettings {
  const { files: _files, secrets: _secrets, resume: _resume, kind: _kind, ...settings } = request;
  const usual: Omit<JobSettings, 'name'> = {
    description: '',
    priority: 'normal',
    ...defaults,
    autoComplete: false,
    overwrite: false,
    sharing: true,
    notify: [],
    transport: TRANSPORT,
  };
  return changed({ ...usual, name: request.name }, settings);
}

/** Settings with what a change says, and without what it takes away. */
export function changed(
  { limit: oldLimit, costPolicy: oldPolicy, ...before }: JobSettings,
  { limit = oldLimit, costPolicy = oldPolicy, ...changes }: SettingChanges,
): JobSettings {
  return {
    ...before,
    ...changes,
    ...(limit !== undefined && limit !== 'none' && { limit }),
    ...(costPolicy !== undefined && costPolicy !== 'default' && { costPolicy }),
  };
}

/** A job as it begins (T-01). */
export function newJob(
  settings: JobSettings,
  {
    id,
    number,
    nowMs,
    secrets,
    fileCount,
    kind = 'download',
  }: {
    readonly id: string;
    readonly number: number;
    readonly nowMs: number;
    readonly secrets: SecretNames;
    readonly fileCount: number;
    readonly kind?: JobKind | undefined;
  },
): JobRecord {
  return {
    id,
    number,
    kind,
    state: 'suspended',
    settings,
    secrets,
    fileCount,
    createdMs: nowMs,
    modifiedMs: nowMs,
    transferredMs: undefined,
    error: undefined,
    errorCount: 0,
    bytes: { store: 0, peers: 0, origin: 0 },
    sentBytes: 0,
    timers: NEW_TIMERS,
    isCompleting: false,
  };
}

export function newFile(request: JobFileRequest, jobId: string, index: number): FileRecord {
  const { url, path, mirrors, ranges, digest, upload } = request;
  return {
    jobId,
    index,
    url,
    path,
    mirrors,
    ranges,
    digest,
    upload,
    state: 'waiting',
    sizeBytes: undefined,
    doneBytes: 0,
    error: undefined,
    responseHeaders: undefined,
    version: undefined,
    temporary: undefined,
  };
}

/** The jobs of a journal that a new agent takes over. */
export function restoredRecords({
  journal,
  clock,
}: {
  readonly journal: Pick<Journal, 'jobs' | 'lastSavedMs'>;
  readonly clock: Pick<Clock, 'wallMs'>;
}): JobRecord[] {
  const nowWallMs = clock.wallMs();
  const savedWallMs = journal.lastSavedMs() ?? nowWallMs;
  return Array.from(journal.jobs(), (record) => restored(record, { savedWallMs, nowWallMs }));
}

/** A job as it comes back with a new agent: what ran is queued again, and some time has passed. */
function restored(
  record: JobRecord,
  times: { readonly savedWallMs: number; readonly nowWallMs: number },
): JobRecord {
  const { state } = record;
  if (isFinal(state)) return record;
  const isRunning = isInAction(state) && state !== 'transient-error';
  const timers = afterRestart(record.timers, state, times);
  return { ...record, timers, state: isRunning ? 'queued' : state };
}
