import type { JobFileState, JobSettings, JobState } from '@peer-cache/protocol';

/** What can happen to a job. */
export type JobEventName =
  | 'created'
  | 'resumed'
  | 'suspended'
  | 'completed'
  | 'partly-completed'
  | 'cancelled'
  | 'files-added'
  | 'sharing-changed'
  | 'security-changed'
  | 'picked'
  | 'preempted'
  | 'connected'
  | 'not-reached'
  | 'all-transferred'
  | 'requested-ranges-transferred'
  | 'failed-transiently'
  | 'failed'
  | 'validation-failed'
  | 'secrets-lost'
  | 'network-lost'
  | 'network-back'
  | 'blocked-by-policy'
  | 'allowed-by-policy'
  | 'owner-left'
  | 'retry-due'
  | 'no-progress-timeout'
  | 'download-time-over'
  | 'inactivity-timeout';

/** A line of {@link MOVES}. */
export interface MoveRule {
  /** The transition of BITS that it is. */
  readonly id: `T-${string}`;
  /** Empty for a job that is not there yet. */
  readonly from: readonly JobState[];
  readonly event: JobEventName;
  /** Absent where the job stays in its state. */
  readonly to?: JobState;
}

/** What an event does to a job. */
export interface Move {
  readonly id: `T-${string}`;
  /** The same as before where the event is allowed and moves nothing. */
  readonly to: JobState;
}

const RUNNING: readonly JobState[] = ['connecting', 'transferring'];
const ACTIVE: readonly JobState[] = ['queued', ...RUNNING];
/** The states of action of BITS: the queue has something to do for the job. */
const IN_ACTION: readonly JobState[] = [...ACTIVE, 'transient-error'];
const UNTRANSFERRED: readonly JobState[] = ['suspended', ...IN_ACTION, 'error'];
const UNFINISHED: readonly JobState[] = [...UNTRANSFERRED, 'transferred'];

/**
 * All that can happen to a job in each state; what is not here is not allowed. Where BITS has only
 * some of the active states we have all: what preempts a transfer or takes the network from it can
 * do so while it connects. Two rows are ours: `suspended` reaches a job that waits to be tried again,
 * and `resumed` one that runs already, which then stays as it is.
 */
export const MOVES: readonly MoveRule[] = [
  { id: 'T-01', from: [], event: 'created', to: 'suspended' },
  { id: 'T-02', from: ['suspended'], event: 'resumed', to: 'queued' },
  { id: 'T-02', from: ACTIVE, event: 'resumed' },
  { id: 'T-03', from: ['queued'], event: 'picked', to: 'connecting' },
  { id: 'T-04', from: ['connecting'], event: 'connected', to: 'transferring' },
  { id: 'T-05', from: ['connecting'], event: 'not-reached', to: 'transient-error' },
  { id: 'T-06', from: RUNNING, event: 'preempted', to: 'queued' },
  { id: 'T-07', from: ['suspended', ...IN_ACTION], event: 'suspended', to: 'suspended' },
  { id: 'T-08', from: ['transferring'], event: 'all-transferred', to: 'transferred' },
  { id: 'T-09', from: IN_ACTION, event: 'failed-transiently', to: 'transient-error' },
  { id: 'T-10', from: IN_ACTION, event: 'failed', to: 'error' },
  { id: 'T-11', from: ['transient-error'], event: 'retry-due', to: 'queued' },
  { id: 'T-11', from: ['transient-error'], event: 'network-back', to: 'queued' },
  { id: 'T-11', from: ['transient-error'], event: 'allowed-by-policy', to: 'queued' },
  { id: 'T-12', from: ['transient-error'], event: 'no-progress-timeout', to: 'error' },
  { id: 'T-13', from: ACTIVE, event: 'network-lost', to: 'transient-error' },
  { id: 'T-14', from: ACTIVE, event: 'blocked-by-policy', to: 'transient-error' },
  { id: 'T-15', from: ACTIVE, event: 'owner-left', to: 'queued' },
  { id: 'T-16', from: IN_ACTION, event: 'secrets-lost', to: 'error' },
  { id: 'T-17', from: RUNNING, event: 'download-time-over', to: 'error' },
  { id: 'T-18', from: ['error', 'transient-error'], event: 'resumed', to: 'queued' },
  { id: 'T-19', from: UNFINISHED, event: 'files-added' },
  { id: 'T-19', from: ['transferred'], event: 'resumed', to: 'queued' },
  { id: 'T-20', from: UNTRANSFERRED, event: 'completed', to: 'acknowledged' },
  { id: 'T-21', from: ['transferred'], event: 'completed', to: 'acknowledged' },
  // What was not transferred is given up; what could not be renamed is.
  { id: 'T-22', from: UNFINISHED, event: 'partly-completed', to: 'transferred' },
  { id: 'T-23', from: UNFINISHED, event: 'cancelled', to: 'cancelled' },
  { id: 'T-24', from: UNFINISHED, event: 'inactivity-timeout', to: 'cancelled' },
  {
    id: 'T-25',
    from: ['transferring'],
    event: 'requested-ranges-transferred',
    to: 'suspended',
  },
  { id: 'T-26', from: UNFINISHED, event: 'validation-failed', to: 'error' },
  { id: 'T-27', from: ACTIVE, event: 'sharing-changed', to: 'queued' },
  { id: 'T-28', from: ACTIVE, event: 'security-changed', to: 'queued' },
];

/** What `event` does to a job; undefined where its state does not allow it. */
export function nextState(state: JobState | undefined, event: JobEventName): Move | undefined {
  for (const { id, from, event: name, to } of MOVES) {
    if (name !== event) continue;
    if (state === undefined ? from.length > 0 : !from.includes(state)) continue;
    const next = to ?? state;
    if (next !== undefined) return { id, to: next };
  }
  return undefined;
}

/** Whether the job is over: nothing can happen to it any more. */
export function isFinal(state: JobState): boolean {
  return state === 'acknowledged' || state === 'cancelled';
}

/** Whether nothing of a file is left to transfer. */
export function isFileDone(state: JobFileState): boolean {
  return state === 'transferred' || state === 'released';
}

/** Whether the scheduler may give the job turns, or does. */
export function isActive(state: JobState): boolean {
  return ACTIVE.includes(state);
}

/** Whether the job is in touch with its sources: such time counts as download time. */
export function isRunning(state: JobState): boolean {
  return RUNNING.includes(state);
}

/** Whether the job is active or will be by itself (the states of action of BITS). */
export function isInAction(state: JobState): boolean {
  return IN_ACTION.includes(state);
}

/**
 * What a failure is to a job in action: an error at once where the job allows no time without
 * progress, or less than a retry takes (T-10).
 */
export function eventOfFailure(
  settings: Pick<JobSettings, 'minimumRetryDelaySeconds' | 'noProgressTimeoutSeconds'>,
  { state, isTransient }: { readonly state: JobState; readonly isTransient: boolean },
): 'failed' | 'failed-transiently' | 'not-reached' {
  const { minimumRetryDelaySeconds, noProgressTimeoutSeconds } = settings;
  const hasTime =
    noProgressTimeoutSeconds > 0 && minimumRetryDelaySeconds <= noProgressTimeoutSeconds;
  if (!isTransient || !hasTime) return 'failed';
  return state === 'connecting' ? 'not-reached' : 'failed-transiently';
}

/**
 * What `resume` is to a job: `empty` is to be refused (BG_E_EMPTY, T-02), with `nothing-left` the
 * job stays transferred until files are added (T-19).
 */
export function eventOfResume(
  state: JobState,
  { fileCount, unfinishedCount }: { readonly fileCount: number; readonly unfinishedCount: number },
): 'resumed' | 'empty' | 'nothing-left' {
  if (fileCount === 0) return 'empty';
  return state === 'transferred' && unfinishedCount === 0 ? 'nothing-left' : 'resumed';
}
