import type { JobSummary } from '@peer-cache/protocol';
import type { Notification } from '../../src/notify/notification.ts';

/** A job of one file that is all here. */
export function jobSummary(other: Partial<JobSummary> = {}): JobSummary {
  return {
    id: '0f8b6b1e-0000-4000-8000-000000000001',
    kind: 'download',
    name: 'nightly; touch /tmp/x',
    state: 'transferred',
    priority: 'normal',
    fileCount: 1,
    transferredFileCount: 1,
    failedFileCount: 0,
    sizeBytes: 5,
    doneBytes: 5,
    bytes: { store: 0, peers: 0, origin: 5 },
    createdMs: 1000,
    modifiedMs: 3000,
    transferredMs: 2000,
    ...other,
  };
}

/** News that it is. */
export function jobTransferred(other: Partial<JobSummary> = {}): Notification {
  const job = jobSummary(other);
  return { jobId: job.id, state: 'transferred', job };
}
