import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '@peer-cache/core';
import type { JobState } from '@peer-cache/protocol';
import test from 'ava';
import {
  eventOfFailure,
  eventOfResume,
  isActive,
  isFinal,
  isInAction,
  isRunning,
  MOVES,
  nextState,
} from '../src/job-state.ts';
import type { JobEventName } from '../src/job-state.ts';
import { advance, dueEvent, NEW_TIMERS, onBlocked, onTransientError } from '../src/timers.ts';

type Place = JobState | 'none';

const STATES: readonly JobState[] = [
  ...(['suspended', 'queued', 'connecting', 'transferring', 'transient-error'] as const),
  ...(['error', 'transferred', 'acknowledged', 'cancelled'] as const),
];
const ACTIVE: readonly JobState[] = ['queued', 'connecting', 'transferring'];
const IN_ACTION: readonly JobState[] = [...ACTIVE, 'transient-error'];
const UNFINISHED: readonly JobState[] = [...IN_ACTION, 'suspended', 'error', 'transferred'];

const SETTINGS = {
  minimumRetryDelaySeconds: 600,
  noProgressTimeoutSeconds: 14 * 86_400,
  maximumDownloadSeconds: 90 * 86_400,
};
const INACTIVITY = { inactivityTimeoutMs: 90 * DAY_MS, uptimeMs: HOUR_MS };

interface Expected {
  readonly title: string;
  readonly from: readonly Place[];
  readonly event: JobEventName;
  /** Absent where the job stays in its state. */
  readonly to?: JobState;
}

/** Every transition of the catalogue, written down a second time: from its text, not from the code. */
const EXPECTED: readonly Expected[] = [
  {
    title: 'T-01: a job that is created is suspended',
    from: ['none'],
    event: 'created',
    to: 'suspended',
  },
  {
    title: 'T-02: a suspended job that is resumed is queued',
    from: ['suspended'],
    event: 'resumed',
    to: 'queued',
  },
  {
    title: 'T-02: an active job may be resumed and stays as it is',
    from: ACTIVE,
    event: 'resumed',
  },
  {
    title: 'T-03: a queued job that the scheduler picks connects',
    from: ['queued'],
    event: 'picked',
    to: 'connecting',
  },
  {
    title: 'T-04: a connecting job whose source answers is transferring',
    from: ['connecting'],
    event: 'connected',
    to: 'transferring',
  },
  {
    title: 'T-05: a connecting job that reaches no source is in transient error',
    from: ['connecting'],
    event: 'not-reached',
    to: 'transient-error',
  },
  {
    title: 'T-06: a job whose time is over or that is less urgent than another is queued again',
    from: ['connecting', 'transferring'],
    event: 'preempted',
    to: 'queued',
  },
  {
    title: 'T-07: a job in action that is suspended is suspended, and a suspended one stays so',
    from: [...IN_ACTION, 'suspended'],
    event: 'suspended',
    to: 'suspended',
  },
  {
    title: 'T-08: a job whose last file is done is transferred',
    from: ['transferring'],
    event: 'all-transferred',
    to: 'transferred',
  },
  {
    title: 'T-09: a job in action that meets an error that may pass is in transient error',
    from: IN_ACTION,
    event: 'failed-transiently',
    to: 'transient-error',
  },
  {
    title: 'T-10: a job in action that meets a fatal error is in error',
    from: IN_ACTION,
    event: 'failed',
    to: 'error',
  },
  {
    title: 'T-11: a job in transient error is queued when its retry is due',
    from: ['transient-error'],
    event: 'retry-due',
    to: 'queued',
  },
  {
    title: 'T-11: a job in transient error is queued when the network is back',
    from: ['transient-error'],
    event: 'network-back',
    to: 'queued',
  },
  {
    title: 'T-11: a job in transient error is queued when the policy allows it again',
    from: ['transient-error'],
    event: 'allowed-by-policy',
    to: 'queued',
  },
  {
    title: 'T-12: a job in transient error without progress for too long is in error',
    from: ['transient-error'],
    event: 'no-progress-timeout',
    to: 'error',
  },
  {
    title: 'T-13: an active job that loses the network is in transient error',
    from: ACTIVE,
    event: 'network-lost',
    to: 'transient-error',
  },
  {
    title: 'T-14: an active job that the policy gives no bandwidth is in transient error',
    from: ACTIVE,
    event: 'blocked-by-policy',
    to: 'transient-error',
  },
  {
    title: 'T-15: an active job whose owner logs off is queued',
    from: ACTIVE,
    event: 'owner-left',
    to: 'queued',
  },
  {
    title: 'T-16: a job in action whose credentials are lost is in error',
    from: IN_ACTION,
    event: 'secrets-lost',
    to: 'error',
  },
  {
    title: 'T-17: a job that has been running for too long is in error',
    from: ['connecting', 'transferring'],
    event: 'download-time-over',
    to: 'error',
  },
  {
    title: 'T-18: a job in error or transient error that is resumed is queued',
    from: ['error', 'transient-error'],
    event: 'resumed',
    to: 'queued',
  },
  {
    title: 'T-19: a job to which files are added stays as it is',
    from: UNFINISHED,
    event: 'files-added',
  },
  {
    title: 'T-19: a transferred job that is resumed, with files added, is queued',
    from: ['transferred'],
    event: 'resumed',
    to: 'queued',
  },
  {
    title: 'T-20: a job that is completed early, also one in error, is acknowledged',
    from: [...IN_ACTION, 'suspended', 'error'],
    event: 'completed',
    to: 'acknowledged',
  },
  {
    title: 'T-21: a transferred job that is completed is acknowledged',
    from: ['transferred'],
    event: 'completed',
    to: 'acknowledged',
  },
  {
    title:
      'T-22: a job of which some files could not be renamed is transferred, to be completed again',
    from: UNFINISHED,
    event: 'partly-completed',
    to: 'transferred',
  },
  {
    title: 'T-23: an unfinished job that is cancelled is cancelled',
    from: UNFINISHED,
    event: 'cancelled',
    to: 'cancelled',
  },
  {
    title: 'T-24: an unfinished job that nothing happened to for too long is cancelled',
    from: UNFINISHED,
    event: 'inactivity-timeout',
    to: 'cancelled',
  },
  {
    title: 'T-25: a job whose requested ranges are here, though not all of the file, is suspended',
    from: ['transferring'],
    event: 'requested-ranges-transferred',
    to: 'suspended',
  },
  {
    title: 'T-26: an unfinished job with a file that is not what it should be is in error',
    from: UNFINISHED,
    event: 'validation-failed',
    to: 'error',
  },
  {
    title: 'T-27: an active job whose sharing is switched is queued, to go on otherwise',
    from: ACTIVE,
    event: 'sharing-changed',
    to: 'queued',
  },
  {
    title: 'T-28: an active job whose security settings change is queued, to begin its file anew',
    from: ACTIVE,
    event: 'security-changed',
    to: 'queued',
  },
];

for (const { title, from, event, to } of EXPECTED) {
  test(title, (t) => {
    for (const place of from) {
      const move = nextState(stateAt(place), event);
      t.is(move?.to, to ?? stateAt(place), place);
      t.true(title.startsWith(`${move?.id}: `), place);
    }
  });
}

test('nothing but these transitions is allowed, in any state', (t) => {
  const allowed = new Set(
    EXPECTED.flatMap(({ from, event }) => from.map((place) => `${event} in ${place}`)),
  );
  const events = new Set(MOVES.map(({ event }) => event));
  for (const event of events) {
    for (const place of ['none', ...STATES] as const) {
      const pair = `${event} in ${place}`;
      t.is(nextState(stateAt(place), event) !== undefined, allowed.has(pair), pair);
    }
  }
});

test('all 28 transitions are there, and none decides what another has decided', (t) => {
  const ids = Array.from({ length: 28 }, (_, at) => `T-${String(at + 1).padStart(2, '0')}`);
  t.deepEqual([...new Set(MOVES.map(({ id }) => id))].toSorted(), ids);
  const pairs = MOVES.flatMap(({ from, event }) => from.map((state) => `${event} in ${state}`));
  t.deepEqual(pairs.toSorted(), [...new Set(pairs)].toSorted());
});

test('a job that is acknowledged or cancelled can do nothing more', (t) => {
  const finals = STATES.filter((state) => isFinal(state));
  t.deepEqual(finals, ['acknowledged', 'cancelled']);
  for (const state of finals) {
    t.false(MOVES.some(({ from }) => from.includes(state)));
  }
});

test('jobs that are active, running or in action are those of BITS', (t) => {
  t.deepEqual(
    STATES.filter((state) => isActive(state)),
    ACTIVE,
  );
  t.deepEqual(
    STATES.filter((state) => isRunning(state)),
    ['connecting', 'transferring'],
  );
  t.deepEqual(
    STATES.filter((state) => isInAction(state)),
    IN_ACTION,
  );
});

test('T-02: a job without files is not resumed', (t) => {
  t.is(eventOfResume('suspended', { fileCount: 0, unfinishedCount: 0 }), 'empty');
  t.is(eventOfResume('suspended', { fileCount: 1, unfinishedCount: 1 }), 'resumed');
});

test('T-19: a transferred job is resumed only when files were added', (t) => {
  t.is(eventOfResume('transferred', { fileCount: 2, unfinishedCount: 0 }), 'nothing-left');
  t.is(eventOfResume('transferred', { fileCount: 3, unfinishedCount: 1 }), 'resumed');
  t.is(eventOfResume('error', { fileCount: 2, unfinishedCount: 0 }), 'resumed');
});

test('T-05, T-09: an error that may pass is transient in every state of action', (t) => {
  t.is(eventOfFailure(SETTINGS, { state: 'connecting', isTransient: true }), 'not-reached');
  for (const state of ['queued', 'transferring', 'transient-error'] as const) {
    t.is(eventOfFailure(SETTINGS, { state, isTransient: true }), 'failed-transiently');
  }
});

test('T-10: an error is fatal where it is, or where the job allows no time to try again', (t) => {
  t.is(failureWith({}, false), 'failed');
  t.is(failureWith({ noProgressTimeoutSeconds: 0 }), 'failed');
  t.is(failureWith({ noProgressTimeoutSeconds: 599 }), 'failed');
  t.is(failureWith({ noProgressTimeoutSeconds: 600 }), 'not-reached');
});

test('T-11: a retry is due after the minimum retry delay and not a second before', (t) => {
  const waiting = onTransientError(NEW_TIMERS, SETTINGS, { random: 0 });
  t.is(dueAfter(waiting, 'transient-error', 10 * MINUTE_MS - SECOND_MS), undefined);
  t.is(dueAfter(waiting, 'transient-error', 10 * MINUTE_MS), 'retry-due');
});

test('T-12: days of transient errors without a byte are due to become an error', (t) => {
  const first = onTransientError(NEW_TIMERS, SETTINGS, { random: 0 });
  const tried = advance(first, 'transient-error', 14 * DAY_MS - MINUTE_MS);
  const again = onTransientError(tried, SETTINGS, { random: 0 });
  t.is(dueAfter(again, 'transient-error', MINUTE_MS - 1), undefined);
  t.is(dueAfter(again, 'transient-error', MINUTE_MS), 'no-progress-timeout');
});

test('T-13, T-14: a job that waits for an event is not tried by the clock, yet not for ever', (t) => {
  const waiting = onBlocked(NEW_TIMERS);
  t.is(dueAfter(waiting, 'transient-error', 14 * DAY_MS - 1), undefined);
  t.is(dueAfter(waiting, 'transient-error', 14 * DAY_MS), 'no-progress-timeout');
});

test('T-17: connecting and transferring count as download time, waiting does not', (t) => {
  const queued = advance(NEW_TIMERS, 'queued', 50 * DAY_MS);
  const connecting = advance(queued, 'connecting', DAY_MS);
  const idle = { ...connecting, inactiveMs: 0 };
  t.is(dueAfter(idle, 'transferring', 89 * DAY_MS), undefined);
  t.is(dueAfter(idle, 'transferring', 89 * DAY_MS + 1), 'download-time-over');
  t.is(dueAfter(idle, 'queued', 89 * DAY_MS + 1), undefined);
});

test('T-24: a job is due to be cancelled when nothing happened to it for 90 days', (t) => {
  for (const state of UNFINISHED) {
    t.not(dueAfter(NEW_TIMERS, state, 90 * DAY_MS - 1), 'inactivity-timeout', state);
    t.is(dueAfter(NEW_TIMERS, state, 90 * DAY_MS), 'inactivity-timeout', state);
  }
});

function failureWith(settings: Partial<typeof SETTINGS>, isTransient = true): JobEventName {
  return eventOfFailure({ ...SETTINGS, ...settings }, { state: 'connecting', isTransient });
}

function dueAfter(timers: typeof NEW_TIMERS, state: JobState, elapsedMs: number) {
  return dueEvent(advance(timers, state, elapsedMs), SETTINGS, { state, ...INACTIVITY });
}

function stateAt(place: Place): JobState | undefined {
  return place === 'none' ? undefined : place;
}
