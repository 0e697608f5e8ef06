import test from 'ava';
import type { JobError, JobState } from '@peer-cache/protocol';
import { explain } from '../src/why.ts';
import type { Job } from '../src/job.ts';
import type { FileRecord, JobRecord } from '../src/records.ts';
import { jobOf } from './helpers/one-job.ts';
import { NEW_TIMERS } from '../src/timers.ts';
import { fileRecord, jobRecord } from './journal-contract.ts';

const ERROR: JobError = {
  code: 'ORIGIN_FAILED',
  message: 'the origin answered 500',
  transient: true,
  context: 'remote-file',
  atMs: 0,
};

interface Plan {
  readonly changes?: Partial<JobRecord>;
  readonly files?: readonly Partial<FileRecord>[];
  readonly priority?: JobRecord['settings']['priority'];
  readonly number?: number;
}

function job(
  state: JobState,
  { changes = {}, files = [{}], priority = 'normal', number = 1 }: Plan = {},
): Job {
  const { settings, ...record } = jobRecord(number, { state, fileCount: files.length, ...changes });
  const whole = { ...record, settings: { ...settings, priority } };
  return jobOf(whole, { files: files.map((file, index) => fileRecord(whole, index, file)) });
}

function why(wanted: Job, { isOnline = true, running = [] as readonly Job[] } = {}) {
  return explain(wanted, { isOnline, running }).reasons;
}

const CODES: readonly [string, Job, string][] = [
  ['suspended', job('suspended'), 'suspended'],
  ['suspended without files', job('suspended', { files: [] }), 'no-files'],
  ['queued alone', job('queued'), 'turn'],
  ['connecting', job('connecting'), 'origin'],
  ['transferring', job('transferring'), 'transferring'],
  ['in error', job('error', { changes: { error: ERROR } }), 'error'],
  ['transferred', job('transferred', { files: [{ state: 'transferred' }] }), 'completion'],
  ['transferred, with files added', job('transferred'), 'files-added'],
  [
    'transferred, with a file in its way',
    job('transferred', { changes: { error: ERROR } }),
    'release',
  ],
  ['acknowledged', job('acknowledged'), 'over'],
  ['cancelled', job('cancelled'), 'over'],
];
for (const [what, wanted, code] of CODES) {
  test(`a job that is ${what} waits for: ${code}`, (t) => {
    const reasons = why(wanted);
    t.deepEqual(
      reasons.map((reason) => reason.code),
      [code],
    );
    t.false(/undefined|NaN/.test(reasons[0]?.text ?? ''), reasons[0]?.text);
  });
}

test('a job that is tried again says when, and what went wrong', (t) => {
  const timers = { ...NEW_TIMERS, noProgressMs: 0, retryInMs: 90_500 };
  const [reason, ...more] = why(
    job('transient-error', {
      changes: { error: ERROR, timers },
      files: [{ state: 'failed', error: ERROR }],
    }),
  );
  t.like(reason, { code: 'retry-delay', inSeconds: 91 });
  t.regex(reason?.text ?? '', /answered 500.* gives up in 14 d$/);
  t.deepEqual(more, []);
});

test('without a network that is what a job waits for, unless all of it is on this machine', (t) => {
  const timers = { ...NEW_TIMERS, noProgressMs: 0 };
  const offline = { isOnline: false };
  const waiting = job('transient-error', { changes: { error: ERROR, timers } });
  t.like(why(waiting, offline), [{ code: 'network' }]);
  t.like(why(job('queued'), offline), [{ code: 'network' }]);
  const here = job('queued', { files: [{ url: 'http://localhost/a' }] });
  t.like(why(here, offline), [{ code: 'turn' }]);
});

test('a queued job names those of higher priority, else those of its own', (t) => {
  const high = job('transferring', { priority: 'high', number: 2 });
  const equal = job('transferring', { number: 3 });
  const low = job('transferring', { priority: 'low', number: 4 });
  const [ahead] = why(job('queued'), { running: [high, equal, low] });
  t.is(ahead?.code, 'higher-priority');
  t.regex(ahead?.text ?? '', /job 2/);
  t.notRegex(ahead?.text ?? '', /job [34]/);
  const [turn] = why(job('queued'), { running: [equal, low] });
  t.is(turn?.code, 'turn');
  t.regex(turn?.text ?? '', /job 3/);
  t.notRegex(turn?.text ?? '', /job 4/);
  t.regex(why(job('queued'), { running: [low] })[0]?.text ?? '', /within a moment/);
});

test('many are named as a few and how many more', (t) => {
  const running = [2, 3, 4, 5, 6].map((number) => job('transferring', { number }));
  t.regex(why(job('queued'), { running })[0]?.text ?? '', /job 2, job 3, job 4 and 2 more/);
});

test('files that failed are named after what the job as a whole waits for', (t) => {
  const failed = { state: 'failed', error: ERROR } as const;
  const reasons = why(job('error', { changes: { error: ERROR }, files: [failed, {}, failed] }));
  t.deepEqual(
    reasons.map(({ code }) => code),
    ['error', 'file-failed', 'file-failed'],
  );
  t.regex(reasons[2]?.text ?? '', /file 2 .*answered 500/);
});

test('what a job is in because of a file is said once, with the file where there are others', (t) => {
  const error = { ...ERROR, fileIndex: 1 };
  const failed = { state: 'failed', error } as const;
  const [reason, ...more] = why(job('error', { changes: { error }, files: [{}, failed] }));
  t.regex(reason?.text ?? '', /^file 1 \(.*\): the origin answered 500; then resume it/);
  t.deepEqual(more, []);
});

const givesUp: readonly [number, string][] = [
  [0, '14 d'],
  [0.1 * 86_400_000, '13 d 22 h'],
  [13 * 86_400_000 + 1, '1 d'],
  [13.5 * 86_400_000, '12 h'],
  [14 * 86_400_000 - 90_000, '2 min'],
];
for (const [noProgressMs, words] of givesUp) {
  test(`after ${noProgressMs} ms without progress a job gives up in ${words}`, (t) => {
    const timers = { ...NEW_TIMERS, noProgressMs, retryInMs: 1 };
    const [reason] = why(job('transient-error', { changes: { error: ERROR, timers } }));
    t.true(reason?.text.endsWith(` in ${words}`), reason?.text);
  });
}
