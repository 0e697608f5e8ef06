import { freeLeave } from '@peer-cache/bandwidth';
import type { LeaveRequest, Taker } from '@peer-cache/bandwidth';
import { KIB, MIB } from '@peer-cache/core';
import test from 'ava';
import { Scheduler } from '../src/scheduler/scheduler.ts';
import type { SeatPacer } from '../src/scheduler/seat.ts';

const NEVER: AbortSignal = new AbortController().signal;

/** Gives leave for all that is asked for, and keeps what was asked. */
class KeepingPacer implements SeatPacer {
  readonly asked: LeaveRequest[] = [];
  readonly looked: Taker[] = [];
  limited = false;
  isOwnTurn = true;
  wants = 0;

  mayFetch(): boolean {
    return this.isOwnTurn;
  }

  want(): void {
    this.wants++;
  }

  readonly streams: SeatPacer['streams'] = {
    pass: () => Promise.resolve(),
    send: (_who, { mostBytes }) => Promise.resolve(mostBytes),
    probed: () => undefined,
  };

  isLimited(who: Taker): boolean {
    this.looked.push(who);
    return this.limited;
  }

  leave(request: LeaveRequest): ReturnType<SeatPacer['leave']> {
    this.asked.push(request);
    return Promise.resolve(freeLeave(request.mostBytes));
  }
}

test('what stays in the foreground is free while nothing limits it', (t) => {
  const pacer = new KeepingPacer();
  const { pacing } = new Scheduler({}, pacer).enter('a', 'foreground', { isFixed: true });
  t.true(pacing?.isFree());
  pacer.limited = true;
  t.false(pacing?.isFree());
  pacer.limited = false;
  t.true(pacing?.isFree());
});

test('a job that is in the foreground by now is not: its priority may be another any time', (t) => {
  const { pacing } = new Scheduler({}, new KeepingPacer()).enter('a', 'foreground');
  t.false(pacing?.isFree());
});

test('requests are of their job, with its priority and its limit at the time', async (t) => {
  const pacer = new KeepingPacer();
  const scheduler = new Scheduler({}, pacer);
  let limit: number | undefined;
  const seat = scheduler.enter('a', 'low', { limitOf: () => limit });
  const leave = await seat.pacing?.leave('origin:80', 300 * KIB, { signal: NEVER });
  t.is(leave?.bytes, 300 * KIB);
  const [request] = pacer.asked;
  t.like(request, { way: 'origin:80', mostBytes: 300 * KIB });
  t.deepEqual(request?.who(), { jobId: 'a', priority: 'low', jobLimit: undefined });
  seat.setPriority('high');
  limit = 64 * KIB;
  t.deepEqual(request?.who(), { jobId: 'a', priority: 'high', jobLimit: 64 * KIB });
  seat.pacing?.isFree();
  const other = scheduler.enter('b', 'normal', { isFixed: true, limitOf: () => 5 });
  other.pacing?.isFree();
  t.deepEqual(pacer.looked.at(-1), { jobId: 'b', priority: 'normal', jobLimit: 5 });
});

test('a request in the foreground is for a MiB at most, so that a change is soon felt', async (t) => {
  const pacer = new KeepingPacer();
  const seat = new Scheduler({}, pacer).enter('a', 'foreground');
  const foreground = await seat.pacing?.leave('origin:80', 100 * MIB, { signal: NEVER });
  t.is(foreground?.bytes, MIB);
  seat.setPriority('normal');
  const normal = await seat.pacing?.leave('origin:80', 100 * MIB, { signal: NEVER });
  t.is(normal?.bytes, 100 * MIB);
});

test('the signal of who waits is the one that ends the wait', async (t) => {
  const stop = new AbortController();
  const reason = new Error('not wanted any more');
  const pacer: SeatPacer = {
    mayFetch: () => true,
    want: () => undefined,
    streams: { pass: async () => undefined, send: async () => 1, probed: () => undefined },
    isLimited: () => false,
    leave: async (_request, { signal }) => {
      signal.throwIfAborted();
      return freeLeave(1);
    },
  };
  const { pacing } = new Scheduler({}, pacer).enter('a', 'low');
  stop.abort(reason);
  const leave = async (): Promise<unknown> =>
    await pacing?.leave('origin:80', 1, { signal: stop.signal });
  t.is(await t.throwsAsync(leave), reason);
});

test("others' turns are not for what is in the foreground", (t) => {
  const pacer = new KeepingPacer();
  const seat = new Scheduler({}, pacer).enter('a', 'low');
  t.true(seat.pacing?.mayFetch());
  pacer.isOwnTurn = false;
  t.false(seat.pacing?.mayFetch());
  seat.setPriority('foreground');
  t.true(seat.pacing?.mayFetch());
  t.is(pacer.wants, 0);
  seat.pacing?.want();
  t.is(pacer.wants, 1);
});

test('without a pacer a seat needs no leave', (t) => {
  t.is(new Scheduler().enter('a', 'low').pacing, undefined);
});
