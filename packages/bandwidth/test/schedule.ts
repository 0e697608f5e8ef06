import process from 'node:process';
import test from 'ava';
import { inForce } from '../src/schedule.ts';
import type { WeeklyInterval } from '../src/schedule.ts';

// A zone that changes its clocks: on 29 March 2026 from 2:00 to 3:00, on 25 October from 3:00 to 2:00.
process.env['TZ'] = 'Europe/Berlin';

const WORKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri'] as const;
const ALL_DAYS = ['sun', ...WORKDAYS, 'sat'] as const;

const work = interval('work-hours', WORKDAYS, ['08:00', '18:00']);
const maintenance = interval('maintenance', ['sun'], ['02:00', '04:00']);
const night = interval('night', ['fri'], ['22:00', '06:00']);
const lunch = interval('lunch', WORKDAYS, ['12:00', '13:00']);
const always = interval('always', ALL_DAYS, ['00:00', '24:00']);

/** What is in force at a local time, and until which one. */
const isInForce = test.macro<
  [readonly WeeklyInterval[], string, WeeklyInterval | undefined, string | undefined]
>((t, intervals, now, expected, until) => {
  const found = inForce(intervals, new Date(now));
  t.is(found.interval?.name, expected?.name);
  t.is(found.until?.toISOString(), until === undefined ? undefined : new Date(until).toISOString());
});

const usual = [maintenance, work];
// 2026-01-05 is a Monday.
test('before work', isInForce, usual, '2026-01-05T07:59:59.999', undefined, '2026-01-05T08:00');
test('work begins', isInForce, usual, '2026-01-05T08:00', work, '2026-01-05T18:00');
test('work ends', isInForce, usual, '2026-01-05T18:00', undefined, '2026-01-06T08:00');
test('a weekend', isInForce, usual, '2026-01-09T18:00', undefined, '2026-01-11T02:00');
test('maintenance', isInForce, usual, '2026-01-11T03:30', maintenance, '2026-01-11T04:00');

test('over midnight, before it', isInForce, [night], '2026-01-09T23:00', night, '2026-01-10T06:00');
test('over midnight, after it', isInForce, [night], '2026-01-10T05:59', night, '2026-01-10T06:00');
test('it is over', isInForce, [night], '2026-01-10T06:00', undefined, '2026-01-16T22:00');
test('another morning', isInForce, [night], '2026-01-09T05:00', undefined, '2026-01-09T22:00');

test('first listed wins', isInForce, [lunch, work], '2026-01-05T12:30', lunch, '2026-01-05T13:00');
test('the second follows', isInForce, [lunch, work], '2026-01-05T13:00', work, '2026-01-05T18:00');
test('what is hidden', isInForce, [work, lunch], '2026-01-05T12:30', work, '2026-01-05T18:00');

test('no schedule', isInForce, [], '2026-01-05T12:30', undefined, undefined);
test('each day, all day', isInForce, [always], '2026-01-05T12:30', always, undefined);
const dayLong = interval('day', ['mon'], ['08:00', '08:00']);
test('from and to the same', isInForce, [dayLong], '2026-01-06T07:00', dayLong, '2026-01-06T08:00');

// An hour is missing: 2:00 to 3:00.
const inGap = interval('gap', ['sun'], ['02:30', '04:00']);
const overGap = interval('over', ['sat'], ['22:00', '02:30']);
const gapOnly = interval('lost', ['sun'], ['02:15', '02:45']);
test('it begins in the lost hour', isInForce, [inGap], at('00:59Z'), undefined, at('01:00Z'));
test('in force after the lost hour', isInForce, [inGap], at('01:00Z'), inGap, at('02:00Z'));
test('it ends in the lost hour', isInForce, [overGap], at('00:59Z'), overGap, at('01:00Z'));
test('it is lost', isInForce, [gapOnly], at('00:59Z'), undefined, '2026-04-05T02:15');

// An hour comes twice: 2:00 to 3:00, in summer and again in winter time.
const twice = interval('twice', ['sun'], ['02:15', '02:45']);
test('before both', isInForce, [twice], fall('00:00Z'), undefined, fall('00:15Z'));
test('the first of two', isInForce, [twice], fall('00:15Z'), twice, fall('00:45Z'));
test('between two', isInForce, [twice], fall('00:45Z'), undefined, fall('01:15Z'));
test('the second of two', isInForce, [twice], fall('01:15Z'), twice, fall('01:45Z'));
test('after both', isInForce, [twice], fall('01:45Z'), undefined, '2026-11-01T02:15');
test('work after the change', isInForce, [work], fall('12:00Z'), undefined, '2026-10-26T07:00Z');

test('what does not change what an interval says is no change', (t) => {
  const { interval: found, until } = inForce([lunch, work], new Date('2026-01-05T11:00'), isAny);
  t.is(found, work);
  t.deepEqual(until, new Date('2026-01-05T18:00'));
});

function interval(
  name: string,
  days: WeeklyInterval['days'],
  [from, to]: readonly [string, string],
): WeeklyInterval {
  return { name, days, fromMinute: minuteOf(from), toMinute: minuteOf(to) };
}

function isAny(found: WeeklyInterval | undefined): boolean {
  return found !== undefined;
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return 60 * hours + minutes;
}

function at(time: string): string {
  return `2026-03-29T${time}`;
}

function fall(time: string): string {
  return `2026-10-25T${time}`;
}
