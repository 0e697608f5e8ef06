import { MIB } from '@peer-cache/core';
import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import { chooseRunning, JobServices, PRIORITIES } from '../src/scheduler/admission.ts';
import type { Candidate } from '../src/scheduler/admission.ts';
import { anyPriority } from './helpers/simulated-plans.ts';

/** Jobs of normal priority that were served so many MiB each. */
function served(...services: readonly (number | undefined)[]): Candidate[] {
  return services.map((mib, number) => ({
    id: `job-${number}`,
    priority: 'normal',
    serviceBytes: mib === undefined ? undefined : mib * MIB,
    isRunning: false,
    number,
  }));
}

function running(candidates: readonly Candidate[], ...numbers: readonly number[]): Candidate[] {
  return candidates.map((each) => ({ ...each, isRunning: numbers.includes(each.number) }));
}

const anyCandidates: fc.Arbitrary<Candidate[]> = fc
  .array(
    fc.record({
      priority: anyPriority,
      serviceBytes: fc.option(fc.integer({ min: 0, max: 50 * MIB }), { nil: undefined }),
      isRunning: fc.boolean(),
    }),
    { maxLength: 60 },
  )
  .map((all) => all.map((each, number) => ({ ...each, id: `job-${number}`, number })));

test('as many as may run do, all of the highest priority there is', (t) => {
  const limits = { background: 5, foreground: 9 };
  const property = fc.property(anyCandidates, (candidates) => {
    const chosen = chooseRunning(candidates, limits);
    const top = Math.min(...candidates.map(({ priority }) => PRIORITIES.indexOf(priority)));
    const level = candidates.filter(({ priority }) => PRIORITIES.indexOf(priority) === top);
    const most = top === 0 ? limits.foreground : limits.background;
    const isOfLevel = chosen.every((id) => level.some((each) => each.id === id));
    const isWhole = chosen.length === Math.min(level.length, most);
    return isOfLevel && isWhole && new Set(chosen).size === chosen.length;
  });
  holds(t, property);
});

test('nobody runs where there is no job', (t) => {
  t.deepEqual(chooseRunning([]), []);
});

test('12 jobs run at once in the background, and 32 in the foreground', (t) => {
  const many = served(...Array.from({ length: 40 }, () => undefined));
  t.is(chooseRunning(many).length, 12);
  t.is(chooseRunning(many.map((each) => ({ ...each, priority: 'foreground' }))).length, 32);
});

test('those who were served least run; the older first', (t) => {
  t.deepEqual(chooseRunning(served(3, 2, 1, 2), { background: 2 }), ['job-2', 'job-1']);
});

test('a job that runs is put back for one that was served 8 MiB less, not for less', (t) => {
  t.deepEqual(chooseRunning(running(served(9, 1), 0), { background: 1 }), ['job-0']);
  t.deepEqual(chooseRunning(running(served(9.1, 1), 0), { background: 1 }), ['job-1']);
});

test('a newcomer takes the place of the one that was served most', (t) => {
  const candidates = running(served(3, 5, 4, undefined), 0, 1, 2);
  t.deepEqual(chooseRunning(candidates, { background: 3 }), ['job-3', 'job-0', 'job-2']);
});

test('a newcomer that runs is not put back for another before its first turn is over', (t) => {
  const candidates = running(served(undefined, undefined), 1);
  t.deepEqual(chooseRunning(candidates, { background: 1 }), ['job-1']);
});

test('newcomers leave half of the places to the others', (t) => {
  const candidates = served(undefined, undefined, undefined, undefined, 1, 2, 3);
  const chosen = chooseRunning(candidates, { background: 4 });
  t.deepEqual(chosen, ['job-0', 'job-1', 'job-4', 'job-5']);
});

test('a thousand jobs of one priority all run in turn, and are served alike', (t) => {
  const services = new JobServices();
  const ids = Array.from({ length: 1000 }, (_, number) => `job-${number}`);
  for (const id of ids) services.join(id, 'low');
  let runningIds: ReadonlySet<string> = new Set();
  for (let round = 0; round < 1000; round++) {
    const candidates = ids.map((id, number) => ({
      id,
      number,
      priority: 'low' as const,
      serviceBytes: services.serviceOf(id),
      isRunning: runningIds.has(id),
    }));
    runningIds = new Set(chooseRunning(candidates));
    for (const id of runningIds) services.charge(id, 2 * MIB);
  }
  const all = ids.map((id) => services.serviceOf(id) ?? 0);
  t.true(Math.min(...all) > 0);
  t.true(Math.max(...all) - Math.min(...all) <= 12 * MIB);
});

test('a job is a newcomer until it was served 1 MiB, and again when it was forgotten', (t) => {
  const services = new JobServices();
  services.join('a', 'high');
  services.charge('a', MIB - 1);
  t.is(services.serviceOf('a'), undefined);
  services.charge('a', 1);
  t.is(services.serviceOf('a'), MIB);
  services.refund('a', 1);
  t.is(services.serviceOf('a'), undefined);
  services.forget('a');
  services.charge('a', 2 * MIB);
  t.is(services.serviceOf('a'), undefined);
});

test('a job that changes its priority is level with the least served there', (t) => {
  const services = new JobServices();
  services.join('a', 'normal');
  services.charge('a', 20 * MIB);
  services.join('b', 'high');
  services.charge('b', 5 * MIB);
  services.join('a', 'high');
  t.is(services.serviceOf('a'), 5 * MIB);
});
