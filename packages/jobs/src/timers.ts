import { DAY_MS, HOUR_MS, SECOND_MS } from '@peer-cache/core';
import type { JobSettings, JobState } from '@peer-cache/protocol';
import { isFinal, isInAction, isRunning } from './job-state.ts';
import type { JobTimers } from './records.ts';

/** A clock that jumps, or a machine that was off for long, adds no more than this to any timer. */
const MOST_ABSENCE_MS = DAY_MS;
/** A timeout that deletes must not act on a clock that was only just set right. */
const SETTLED_UPTIME_MS = HOUR_MS;
/** Jobs that failed together are not tried again together. */
const RETRY_JITTER = 0.1;

/** The timers of a job that is created. */
export const NEW_TIMERS: JobTimers = {
  activeMs: 0,
  noProgressMs: undefined,
  inactiveMs: 0,
  retryInMs: undefined,
};

/** Lets `elapsedMs` of a monotonic clock pass for a job that was in `state` all the while. */
export function advance(timers: JobTimers, state: JobState, elapsedMs: number): JobTimers {
  if (isFinal(state)) return timers;
  const passedMs = Math.max(0, elapsedMs);
  const { activeMs, noProgressMs, inactiveMs, retryInMs } = timers;
  const isTroubled = noProgressMs !== undefined && isInAction(state);
  const isWaiting = retryInMs !== undefined && state === 'transient-error';
  return {
    activeMs: isRunning(state) ? activeMs + passedMs : activeMs,
    noProgressMs: isTroubled ? noProgressMs + passedMs : noProgressMs,
    inactiveMs: inactiveMs + passedMs,
    retryInMs: isWaiting ? Math.max(0, retryInMs - passedMs) : retryInMs,
  };
}

/**
 * Lets the time pass that no agent ran, by the wall clock: at most a day, and nothing where the
 * clock went back. None of it counts as download time.
 */
export function afterRestart(
  timers: JobTimers,
  state: JobState,
  { savedWallMs, nowWallMs }: { readonly savedWallMs: number; readonly nowWallMs: number },
): JobTimers {
  const absentMs = Math.min(nowWallMs - savedWallMs, MOST_ABSENCE_MS);
  return { ...advance(timers, state, absentMs), activeMs: timers.activeMs };
}

/** What must happen to a job because of the time that passed; to be asked again after each move. */
export function dueEvent(
  timers: JobTimers,
  settings: Pick<JobSettings, 'noProgressTimeoutSeconds' | 'maximumDownloadSeconds'>,
  {
    state,
    inactivityTimeoutMs,
    uptimeMs,
  }: { readonly state: JobState; readonly inactivityTimeoutMs: number; readonly uptimeMs: number },
): 'retry-due' | 'no-progress-timeout' | 'download-time-over' | 'inactivity-timeout' | undefined {
  if (isFinal(state)) return undefined;
  const { activeMs, noProgressMs = 0, inactiveMs, retryInMs } = timers;
  const isSettled = uptimeMs >= SETTLED_UPTIME_MS;
  if (isSettled && inactiveMs >= inactivityTimeoutMs) return 'inactivity-timeout';
  if (isRunning(state)) {
    const isOver = activeMs > settings.maximumDownloadSeconds * SECOND_MS;
    return isOver ? 'download-time-over' : undefined;
  }
  if (state !== 'transient-error') return undefined;
  // The last try comes first: it may be the one that succeeds.
  if (retryInMs === 0) return 'retry-due';
  const timeoutMs = settings.noProgressTimeoutSeconds * SECOND_MS;
  return noProgressMs >= timeoutMs ? 'no-progress-timeout' : undefined;
}

/** A byte of the job came: what went wrong before is forgotten. */
export function onProgress(timers: JobTimers): JobTimers {
  return { ...timers, noProgressMs: undefined, inactiveMs: 0 };
}

/** The job was changed by a person. */
export function onChanged(timers: JobTimers): JobTimers {
  return { ...timers, inactiveMs: 0 };
}

/** The job is resumed by a person: all its times begin anew. */
export function onResumed(): JobTimers {
  return NEW_TIMERS;
}

/**
 * The job met a transient error: when it is tried again. `random` is from 0 to 1, `retryAfterMs`
 * what the origin asked for.
 */
export function onTransientError(
  timers: JobTimers,
  settings: Pick<JobSettings, 'minimumRetryDelaySeconds' | 'noProgressTimeoutSeconds'>,
  {
    retryAfterMs = 0,
    random,
  }: { readonly retryAfterMs?: number | undefined; readonly random: number },
): JobTimers {
  const delayMs = settings.minimumRetryDelaySeconds * SECOND_MS * (1 + RETRY_JITTER * random);
  // An origin may ask for years; after the no-progress timeout there is no more trying.
  const mostMs = settings.noProgressTimeoutSeconds * SECOND_MS;
  return {
    ...onBlocked(timers),
    retryInMs: Math.min(Math.max(delayMs, retryAfterMs), mostMs),
  };
}

/** The job waits for something that takes no set time, such as the network (T-13, T-14). */
export function onBlocked(timers: JobTimers): JobTimers {
  return { ...timers, noProgressMs: timers.noProgressMs ?? 0, retryInMs: undefined };
}

/** The job waits no longer to be tried again. */
export function onRequeued(timers: JobTimers): JobTimers {
  return { ...timers, retryInMs: undefined };
}
