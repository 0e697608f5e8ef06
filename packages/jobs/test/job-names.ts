import test from 'ava';
import { JobAmbiguousError } from '../src/errors.ts';
import { findJob } from '../src/job-names.ts';
import type { Job } from '../src/job.ts';
import { jobOf } from './helpers/one-job.ts';
import { jobRecord } from './journal-contract.ts';

function jobsNamed(...named: readonly (readonly [id: string, name: string])[]): Map<string, Job> {
  const jobs = new Map<string, Job>();
  for (const [index, [start, name]] of named.entries()) {
    const { settings, id: rest, ...record } = jobRecord(index + 1);
    const id = start + rest.slice(start.length);
    jobs.set(id, jobOf({ ...record, id, settings: { ...settings, name } }));
  }
  return jobs;
}

const JOBS = jobsNamed(
  ['aaaa1111', 'movie'],
  ['aaaa2222', 'backup'],
  ['bbbb', 'backup'],
  ['cccc', 'aaaa1'],
  ['dddd', 'abc'],
  ['abcd', 'other'],
);

function numberOf(wanted: string): number {
  return findJob(JOBS, wanted).record.number;
}

test('a job goes by its ID, by the start of it in any case, or by its name', (t) => {
  const [id = ''] = JOBS.keys();
  const numbers = [id, 'AAAA11', 'movie', 'bbbb'].map((wanted) => numberOf(wanted));
  t.deepEqual(numbers, [1, 1, 1, 3]);
});

test('fewer than four characters are a name and not the start of an ID', (t) => {
  t.is(numberOf('abc'), 5);
  t.throws(() => findJob(JOBS, 'aaa'), { code: 'JOB_NOT_FOUND' });
});

test('names do not ignore case, and part of a name is none', (t) => {
  t.throws(() => findJob(JOBS, 'Movie'), { code: 'JOB_NOT_FOUND' });
  t.throws(() => findJob(JOBS, 'mov'), { code: 'JOB_NOT_FOUND' });
  t.throws(() => findJob(JOBS, ''), { code: 'JOB_NOT_FOUND' });
});

test('what may be more than one job is refused with their IDs', (t) => {
  for (const wanted of ['aaaa', 'backup', 'aaaa1']) {
    const error = t.throws(() => findJob(JOBS, wanted), { instanceOf: JobAmbiguousError });
    t.regex(error.message, /aaaa|bbbb/, wanted);
  }
});
