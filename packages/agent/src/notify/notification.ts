import type { Log } from '@peer-cache/core';
import type { JobSummary } from '@peer-cache/protocol';
import type { NotifyState, NotifyTarget } from '../config/notify-settings.ts';

/** News of a job: it reached one of the two states that are told (BITS NOT-04). */
export interface Notification {
  readonly jobId: string;
  readonly state: NotifyState;
  readonly job: JobSummary;
}

/** How one try to tell a target went. */
export interface Delivery {
  readonly isDelivered: boolean;
  /** For the log: nothing of the news, nothing secret. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Tells one target; never throws but for `signal`. */
export type Deliver = (
  target: NotifyTarget,
  notification: Notification,
  options: { readonly log: Log; readonly signal: AbortSignal },
) => Promise<Delivery>;

/**
 * What is the same for each try to tell of one event, after a restart too, and another for the next
 * event: job, state, and when the job got into it.
 */
export function notificationKey({ jobId, state, job }: Notification): string {
  const atMs = state === 'error' ? job.error?.atMs : job.transferredMs;
  return `${jobId}:${state}:${atMs ?? job.modifiedMs}`;
}

/** What a target is sent: JSON with `event`, `key` and `job`. */
export function notificationBody(notification: Notification): string {
  const { state, job } = notification;
  return JSON.stringify({ event: state, key: notificationKey(notification), job });
}
