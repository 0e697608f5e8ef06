import test from 'ava';
import { candidatesOf } from '../src/candidates.ts';
import { chooseRunning } from '../src/scheduler/admission.ts';
import { jobIn } from './helpers/one-job.ts';

const JOBS = Array.from({ length: 20 }, (_, index) => jobIn('queued', index + 1));
const OTHERS = [jobIn('suspended', 21), jobIn('error', 22), jobIn('transferring', 23)];

test('only as many newcomers are looked at as could be chosen, and the same ones are', (t) => {
  const running = new Set([...JOBS.slice(7, 9), ...OTHERS.slice(2)].map(({ id }) => id));
  const served = new Map(JOBS.slice(15).map(({ id }, index) => [id, index * 1000]));
  const facts = {
    isRunning: (id: string) => running.has(id),
    serviceOf: (id: string) => served.get(id),
  };
  const few = candidatesOf([...JOBS, ...OTHERS], { ...facts, places: 4 });
  const all = candidatesOf([...JOBS, ...OTHERS], { ...facts, places: 1000 });
  t.is(few.length, 3 + 5 + 4);
  t.is(all.length, 21);
  t.deepEqual(chooseRunning(few, { background: 4 }), chooseRunning(all, { background: 4 }));
});
