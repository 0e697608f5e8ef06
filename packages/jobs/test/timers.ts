import { randomBytes } from 'node:crypto';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '@peer-cache/core';
import type { JobState } from '@peer-cache/protocol';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import { isFinal, isRunning } from '../src/job-state.ts';
import type { JobTimers } from '../src/records.ts';
import {
  advance,
  afterRestart,
  dueEvent,
  NEW_TIMERS,
  onChanged,
  onProgress,
  onRequeued,
  onResumed,
  onTransientError,
} from '../src/timers.ts';

const SETTINGS = {
  minimumRetryDelaySeconds: 600,
  noProgressTimeoutSeconds: 14 * 86_400,
  maximumDownloadSeconds: 90 * 86_400,
};
const WORN: JobTimers = {
  activeMs: 3 * DAY_MS,
  noProgressMs: 2 * DAY_MS,
  inactiveMs: HOUR_MS,
  retryInMs: MINUTE_MS,
};

const anyState = fc.constantFrom<JobState>(
  ...(['suspended', 'queued', 'connecting', 'transferring', 'transient-error'] as const),
  ...(['error', 'transferred', 'acknowledged', 'cancelled'] as const),
);
const anyMs = fc.nat(100 * DAY_MS);
const anyTimers: fc.Arbitrary<JobTimers> = fc.record({
  activeMs: anyMs,
  noProgressMs: fc.option(anyMs, { nil: undefined }),
  inactiveMs: anyMs,
  retryInMs: fc.option(anyMs, { nil: undefined }),
});

test('time that passes in two steps is time that passes in one', (t) => {
  check(
    t,
    fc.property(anyTimers, anyState, anyMs, anyMs, (timers, state, a, b) => {
      t.deepEqual(advance(advance(timers, state, a), state, b), advance(timers, state, a + b));
    }),
  );
});

test('each timer runs in its own states only, and none runs backwards', (t) => {
  check(
    t,
    fc.property(anyTimers, anyState, anyMs, (timers, state, elapsedMs) => {
      const next = advance(timers, state, elapsedMs);
      const isWaiting = state === 'transient-error';
      const isTroubled = isWaiting || state === 'queued' || isRunning(state);
      t.is(next.activeMs - timers.activeMs, isRunning(state) ? elapsedMs : 0);
      t.is(next.inactiveMs - timers.inactiveMs, isFinal(state) ? 0 : elapsedMs);
      t.is(next.noProgressMs === undefined, timers.noProgressMs === undefined);
      t.is((next.noProgressMs ?? 0) - (timers.noProgressMs ?? 0), troubledMs());
      t.is(next.retryInMs, isWaiting ? waited(timers.retryInMs, elapsedMs) : timers.retryInMs);
      t.deepEqual(advance(timers, state, -elapsedMs), timers);

      function troubledMs(): number {
        return isTroubled && timers.noProgressMs !== undefined ? elapsedMs : 0;
      }
    }),
  );
});

test('a restart adds at most a day and nothing to the download time, however the clock jumped', (t) => {
  const anyWallMs = fc.integer({ min: 0, max: 2 ** 45 });
  check(
    t,
    fc.property(anyTimers, anyState, anyWallMs, anyWallMs, (timers, state, saved, now) => {
      const next = afterRestart(timers, state, { savedWallMs: saved, nowWallMs: now });
      const absentMs = Math.max(0, Math.min(now - saved, DAY_MS));
      t.deepEqual({ ...next, activeMs: 0 }, { ...advance(timers, state, absentMs), activeMs: 0 });
      t.is(next.activeMs, timers.activeMs);
    }),
  );
});

test('a clock that jumps from 1970 to 2026 cancels nothing and fails nothing', (t) => {
  const timers = { ...NEW_TIMERS, noProgressMs: 0 };
  const jump = { savedWallMs: 0, nowWallMs: Date.UTC(2026, 0) };
  const next = afterRestart(timers, 'transient-error', jump);
  const limits = { state: 'transient-error', inactivityTimeoutMs: 90 * DAY_MS } as const;
  t.is(dueEvent(next, SETTINGS, { ...limits, uptimeMs: 2 * HOUR_MS }), undefined);
});

test('what deletes waits until the agent has run for an hour', (t) => {
  const timers = { ...NEW_TIMERS, inactiveMs: 91 * DAY_MS };
  const limits = { state: 'transferred', inactivityTimeoutMs: 90 * DAY_MS } as const;
  t.is(dueEvent(timers, SETTINGS, { ...limits, uptimeMs: HOUR_MS - 1 }), undefined);
  t.is(dueEvent(timers, SETTINGS, { ...limits, uptimeMs: HOUR_MS }), 'inactivity-timeout');
});

test('nothing is due in a state that does not allow it', (t) => {
  check(
    t,
    fc.property(anyTimers, anyState, (timers, state) => {
      const limits = { state, inactivityTimeoutMs: 101 * DAY_MS, uptimeMs: 2 * HOUR_MS };
      const due = dueEvent(timers, SETTINGS, limits);
      if (due === 'download-time-over') t.true(isRunning(state));
      else if (due !== undefined) t.is(state, 'transient-error');
    }),
  );
});

test('a byte ends the trouble and keeps the download time', (t) => {
  const next = onProgress(WORN);
  t.deepEqual(next, { ...WORN, noProgressMs: undefined, inactiveMs: 0 });
});

test('a change by a person only shows that somebody still wants the job', (t) => {
  t.deepEqual(onChanged(WORN), { ...WORN, inactiveMs: 0 });
});

test('resume begins all times anew, and a retry only ends the wait for it', (t) => {
  t.deepEqual(onResumed(), NEW_TIMERS);
  t.deepEqual(onRequeued(WORN), { ...WORN, retryInMs: undefined });
});

test('the retry delay is the minimum and up to a tenth more', (t) => {
  const random = fc.double({ min: 0, max: 1, noNaN: true });
  check(
    t,
    fc.property(anyTimers, random, (timers, drawn) => {
      const next = onTransientError(timers, SETTINGS, { random: drawn });
      t.true(isWithin(next.retryInMs, 10 * MINUTE_MS, 11 * MINUTE_MS));
      t.is(next.noProgressMs, timers.noProgressMs ?? 0, 'the first error counts');
    }),
  );
  t.is(onTransientError(NEW_TIMERS, SETTINGS, { random: 1 }).retryInMs, 11 * MINUTE_MS);
});

test('an origin may ask for a longer wait, not for a shorter one, nor for one without end', (t) => {
  t.is(delayAsked(HOUR_MS), HOUR_MS);
  t.is(delayAsked(MINUTE_MS), 10 * MINUTE_MS);
  t.is(delayAsked(Infinity), 14 * DAY_MS);
});

test('a job gets its last try before the no-progress timeout has its way', (t) => {
  const settings = { ...SETTINGS, noProgressTimeoutSeconds: 600 };
  const limits = { state: 'transient-error', inactivityTimeoutMs: DAY_MS, uptimeMs: 0 } as const;
  const waiting = onTransientError(NEW_TIMERS, settings, { random: 0.9 });
  const tried = advance(waiting, 'transient-error', 10 * MINUTE_MS);
  t.is(dueEvent(tried, settings, limits), 'retry-due');
  const failed = onTransientError(onRequeued(tried), settings, { random: 0.9 });
  t.is(dueEvent(failed, settings, limits), 'no-progress-timeout');
});

function delayAsked(retryAfterMs: number): number | undefined {
  return onTransientError(NEW_TIMERS, SETTINGS, { retryAfterMs, random: 0 }).retryInMs;
}

function check<T>(t: ExecutionContext, property: fc.IPropertyWithHooks<T>): void {
  const seed = randomBytes(4).readInt32BE();
  t.log(`seed ${seed}`);
  fc.assert(property, { seed });
}

function waited(retryInMs: number | undefined, elapsedMs: number): number | undefined {
  return retryInMs === undefined ? undefined : Math.max(0, retryInMs - elapsedMs);
}

function isWithin(value: number | undefined, least: number, most: number): boolean {
  return value !== undefined && value >= least && value <= most;
}
