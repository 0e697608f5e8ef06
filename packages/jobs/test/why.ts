import type { LimitExplanation } from '@peer-cache/bandwidth';
import { MIB } from '@peer-cache/core';
import type { JobError, JobState } from '@peer-cache/protocol';
import test from 'ava';
import type { QueuePacer } from '../src/job-queue-parts.ts';
import type { Job } from '../src/job.ts';
import type { NetworkNow } from '../src/obstacles.ts';
import { pacingNow } from '../src/pacing-now.ts';
import type { PacingNow } from '../src/pacing-now.ts';
import type { FileRecord, JobRecord } from '../src/records.ts';
import { NEW_TIMERS } from '../src/timers.ts';
import { explain } from '../src/why.ts';
import { jobOf } from './helpers/one-job.ts';
import { fileRecord, jobRecord } from './journal-contract.ts';

const NOON = new Date(2026, 0, 5, 12);
const IN_WORK_HOURS: LimitExplanation = {
  name: 'low',
  bytesPerSecond: MIB,
  key: 'schedule.work-hours.low',
  interval: 'work-hours',
  until: new Date(2026, 0, 5, 18),
  linkShare: undefined,
};
const ALWAYS: LimitExplanation = {
  name: 'wan',
  bytesPerSecond: 4 * MIB,
  key: 'limits.wan',
  interval: undefined,
  until: undefined,
  linkShare: 0.5,
};
/** That of downloads has somebody stand back. */
const PACER: QueuePacer = {
  isLimited: () => false,
  leave: () => Promise.reject(new Error('nobody asks')),
  mayFetch: () => true,
  want: () => undefined,
  explain: () => [],
  yieldsFor: () => 'share',
  streams: {
    pass: () => Promise.resolve(),
    send: (_who, { mostBytes }) => Promise.resolve(mostBytes),
    probed: () => undefined,
    uplink: () => undefined,
  },
};
const OWN: LimitExplanation = { ...ALWAYS, name: 'job', key: undefined, linkShare: undefined };

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

interface Around extends Partial<PacingNow> {
  readonly network?: Partial<NetworkNow>;
  readonly running?: readonly Job[];
}

function why(wanted: Job, { network = {}, running = [], limits = [], ...pacing }: Around = {}) {
  const now = { isOnline: true, cost: 'unrestricted', costPolicy: 'always', ...network } as const;
  const around = { network: now, running, limits, ...pacing, nowMs: NOON.getTime() };
  return explain(wanted, around).reasons;
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

test('what is done is told by what the job was for', (t) => {
  const texts = (['download', 'upload', 'upload-reply'] as const).map((kind) => {
    const files = [{ state: 'transferred' }] as const;
    return why(job('transferred', { changes: { kind }, files }))[0]?.text;
  });
  t.regex(texts[0] ?? '', /all is here/);
  t.regex(texts[1] ?? '', /all is sent, and in its place/);
  t.regex(texts[2] ?? '', /answered/);
});

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
  const offline = { network: { isOnline: false } };
  const waiting = job('transient-error', { changes: { error: ERROR, timers } });
  t.like(why(waiting, offline), [{ code: 'network' }]);
  t.like(why(job('queued'), offline), [{ code: 'network' }]);
  const here = job('queued', { files: [{ url: 'http://localhost/a' }] });
  t.like(why(here, offline), [{ code: 'turn' }]);
});

test('on a network that costs more than it may, a job waits for another', (t) => {
  const network = { cost: 'roaming', costPolicy: 'not-roaming' } as const;
  const [reason] = why(job('queued'), { network });
  t.is(reason?.code, 'cost');
  t.regex(reason?.text ?? '', /cost policy not-roaming keeps it off a network that is roaming/);
  const error = { ...ERROR, code: 'BLOCKED_BY_COST', message: 'its cost policy' };
  const blocked = job('transient-error', { changes: { error } });
  t.like(why(blocked, { network }), [{ code: 'cost', text: 'its cost policy' }]);
});

test('a job that transfers tells its limits, where they were written and until when', (t) => {
  const limits = [IN_WORK_HOURS, ALWAYS, OWN];
  t.deepEqual(
    why(job('transferring'), { limits }).map(({ text }) => text),
    [
      'it waits for nothing: bytes are coming, as fast as its sources and its turn allow',
      'it may take at most 1 MiB/s over the WAN, by schedule.work-hours.low until 18:00',
      'it may take at most 4 MiB/s over the WAN, by limits.wan (50 % of the link)',
      'it may take at most 4 MiB/s over the WAN, by its own limit (job set --limit)',
    ],
  );
});

test('an upload tells how fast it may send, and when others slow it down', (t) => {
  const status = { bytesPerSecond: MIB, isYielding: false, isAnswered: true };
  const sent: string[] = [];
  const uplinkOf = (way: string) => {
    sent.push(way);
    return { ...status, isYielding: sent.length === 2, isAnswered: sent.length < 3 };
  };
  const pacer = { ...PACER, streams: { ...PACER.streams, uplink: uplinkOf } };
  const files = [{ url: 'https://up.test/files', upload: {} }];
  const told = (wanted: Job) => why(wanted, pacingNow(wanted, pacer))[0]?.text ?? '';
  t.regex(told(job('transferring', { files })), /: up to 1 MiB\/s may go out, which delays nobody/);
  t.regex(told(job('transferring', { files })), /it stands back: others keep the link/);
  t.regex(told(job('transferring', { files })), /server answers no questions/);
  const urgent = job('transferring', { files, priority: 'foreground' });
  t.regex(told(urgent), /bytes go out, as fast as the server/);
  const reply = { url: 'https://up.test/reply' };
  const replying = job('transferring', { files: [{ ...files[0], state: 'transferred' }, reply] });
  t.regex(told(replying), /it stands back: somebody else needs a part/, 'as any download');
  t.deepEqual(sent, ['up.test', 'up.test', 'up.test']);
});

test('a job that is blocked by a limit of 0 says so, and until when', (t) => {
  const limits = [{ ...IN_WORK_HOURS, bytesPerSecond: 0 }, ALWAYS];
  for (const state of ['connecting', 'transferring'] as const) {
    t.deepEqual(why(job(state), { limits }), [
      {
        code: 'limit',
        text: 'nothing may come over the WAN for it, by schedule.work-hours.low until 18:00',
        inSeconds: 6 * 3600,
      },
    ]);
  }
  const until = new Date(2026, 0, 10, 8);
  const [later] = why(job('connecting'), {
    limits: [{ ...IN_WORK_HOURS, bytesPerSecond: 0, until }],
  });
  t.regex(later?.text ?? '', /until Saturday 08:00$/);
  const [own] = why(job('transferring'), { limits: [{ ...OWN, bytesPerSecond: 0 }] });
  t.like(own, { code: 'limit', inSeconds: undefined });
  t.regex(
    own?.text ?? '',
    /by its own limit \(job set --limit\); it goes on when that is another$/,
  );
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

test('a transfer that stands back for others says for whom', (t) => {
  const [reason] = why(job('transferring'), { yieldsFor: 'share' });
  t.is(reason?.code, 'yielding');
});
