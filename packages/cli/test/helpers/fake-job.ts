import type { JobDetails, JobFileStatus, JobSummary } from '@peer-cache/protocol';

const MIB = 2 ** 20;
const MINUTE_MS = 60_000;

/** A job of one file that is being transferred, but for what is said otherwise. */
export function fakeJob(changes: Partial<JobDetails> = {}): JobDetails {
  const id = changes.id ?? '8f3a1c2e-1111-4222-8333-444455556666';
  const name = changes.name ?? 'debian-12.iso';
  const files = changes.files ?? [fakeFile()];
  const nowMs = Date.now();
  return {
    id,
    kind: 'download',
    name,
    state: 'transferring',
    priority: 'normal',
    fileCount: files.length,
    transferredFileCount: files.filter(({ state }) => state === 'transferred').length,
    failedFileCount: files.filter(({ state }) => state === 'failed').length,
    sizeBytes: 3700 * MIB,
    doneBytes: 1600 * MIB,
    bytes: { store: 0, peers: 1200 * MIB, origin: 400 * MIB },
    createdMs: nowMs - 12 * MINUTE_MS,
    modifiedMs: nowMs - 3 * MINUTE_MS,
    settings: {
      name,
      description: '',
      priority: 'normal',
      minimumRetryDelaySeconds: 600,
      noProgressTimeoutSeconds: 14 * 86_400,
      maximumDownloadSeconds: 90 * 86_400,
      autoComplete: false,
      overwrite: false,
      sharing: true,
      notify: [],
      transport: { proxy: { use: 'environment' }, redirects: 'follow', allowHttp: false },
    },
    secrets: { headers: [], origin: false, proxy: false, clientCertificate: false },
    errorCount: 0,
    errors: [],
    times: { activeSeconds: 95, noProgressSeconds: 0, inactiveSeconds: 0 },
    ...changes,
    files,
  };
}

/** A file of a job that is being transferred, but for what is said otherwise. */
export function fakeFile(changes: Partial<JobFileStatus> = {}): JobFileStatus {
  return {
    index: 0,
    url: 'https://files.example.com/images/debian-12.iso',
    path: '/srv/images/debian-12.iso',
    state: 'transferring',
    sizeBytes: 3700 * MIB,
    doneBytes: 1600 * MIB,
    ...changes,
  };
}

/** The line of a job in a list. */
export function summaryOf(job: JobDetails): JobSummary {
  const { id, kind, name, state, priority, fileCount, transferredFileCount } = job;
  const { failedFileCount, sizeBytes, doneBytes, bytes, createdMs, modifiedMs } = job;
  const { transferredMs, error, retryInSeconds } = job;
  const progress = { sizeBytes, doneBytes, bytes, transferredFileCount, failedFileCount };
  const times = { createdMs, modifiedMs, transferredMs, retryInSeconds };
  return { id, kind, name, state, priority, fileCount, error, ...progress, ...times };
}
