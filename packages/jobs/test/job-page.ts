import type { JobState } from '@peer-cache/protocol';
import test from 'ava';
import { overviewOf, pageOf } from '../src/job-page.ts';
import { jobIn } from './helpers/one-job.ts';

const STATES: readonly JobState[] = ['queued', 'error', 'queued', 'suspended', 'queued'];
const JOBS = STATES.map((state, index) => jobIn(state, index + 1));

function namesOf(page: ReturnType<typeof pageOf>): string[] {
  return page.jobs.map(({ name }) => name);
}

test('pages follow on from each other until the last, which names none', (t) => {
  const first = pageOf(JOBS, { limit: 2 });
  const second = pageOf(JOBS, { limit: 2, after: first.next });
  const third = pageOf(JOBS, { limit: 2, after: second.next });
  t.deepEqual(
    [...namesOf(first), ...namesOf(second), ...namesOf(third)],
    [1, 2, 3, 4, 5].map((number) => `job ${number}`),
  );
  t.deepEqual([first.total, third.next], [5, undefined]);
});

test('the next page is there even if the job that ended this one is not', (t) => {
  const { next } = pageOf(JOBS, { limit: 2 });
  const left = JOBS.filter((_job, index) => index !== 1);
  t.deepEqual(namesOf(pageOf(left, { after: next })), ['job 3', 'job 4', 'job 5']);
});

test('only jobs in the wanted states are listed and counted', (t) => {
  const page = pageOf(JOBS, { states: ['queued'], limit: 2 });
  t.deepEqual([namesOf(page), page.total], [['job 1', 'job 3'], 3]);
  t.deepEqual(namesOf(pageOf(JOBS, { states: ['queued'], after: page.next })), ['job 5']);
  t.is(pageOf(JOBS, { states: [] }).total, 0);
});

test('an end of a page that never was one is refused', (t) => {
  t.throws(() => pageOf(JOBS, { after: 'job 1' }), { code: 'JOB_REQUEST' });
});

test('an overview counts every state', (t) => {
  const { counts, running, sentBytes } = overviewOf(JOBS, JOBS.slice(0, 1), 5);
  t.like(counts, { queued: 3, error: 1, suspended: 1, transferred: 0, cancelled: 0 });
  t.is(running[0]?.name, 'job 1');
  t.is(sentBytes, 5);
  t.is(overviewOf(JOBS, [], 0).sentBytes, undefined);
});
