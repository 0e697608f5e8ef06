import { MINUTE_MS } from '@peer-cache/core';

/** Days of the week as JavaScript numbers them: Sunday is 0. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

export type Weekday = (typeof WEEKDAYS)[number];

/** A time that comes back each week, by the clock on the wall. */
export interface WeeklyInterval {
  readonly name: string;
  /** On which it begins. */
  readonly days: readonly Weekday[];
  /** Minutes since midnight. */
  readonly fromMinute: number;
  /** Minutes since midnight, up to 1440; on the next day where it is not after `fromMinute`. */
  readonly toMinute: number;
}

export interface InForce<T extends WeeklyInterval> {
  /** Undefined where it is the time of none. */
  readonly interval: T | undefined;
  /** When another comes, or none; undefined where that never happens. */
  readonly until: Date | undefined;
}

/** The rest of today, and a week: after that everything comes again. */
const DAYS_AHEAD = 8;

/**
 * The interval that it is the time of, by the runtime's time zone, and until when. Where several
 * match, the one that is listed first wins. What does not change what `saysOf` an interval gives
 * is no change.
 */
export function inForce<T extends WeeklyInterval>(
  intervals: readonly T[],
  now: Date,
  saysOf: (interval: T | undefined) => unknown = (interval) => interval,
): InForce<T> {
  const interval = intervalAt(intervals, now);
  for (const change of possibleChanges(intervals, now)) {
    if (change > now && saysOf(intervalAt(intervals, change)) !== saysOf(interval)) {
      return { interval, until: change };
    }
  }
  return { interval, until: undefined };
}

/** The first interval that it is the time of, without looking ahead. */
export function intervalAt<T extends WeeklyInterval>(
  intervals: readonly T[],
  now: Date,
): T | undefined {
  const day = now.getDay();
  const minute = now.getHours() * 60 + now.getMinutes();
  return intervals.find(({ days, fromMinute, toMinute }) => {
    const beginsToday = days.includes(weekday(day));
    if (toMinute > fromMinute) return beginsToday && minute >= fromMinute && minute < toMinute;
    const beganYesterday = days.includes(weekday(day - 1));
    return (beginsToday && minute >= fromMinute) || (beganYesterday && minute < toMinute);
  });
}

/** In order, every moment of the next days at which an interval may begin or end. */
function* possibleChanges(intervals: readonly WeeklyInterval[], now: Date): Generator<Date> {
  if (intervals.length === 0) return;
  const edges = intervals.flatMap(({ fromMinute, toMinute }) => [fromMinute, toMinute]);
  const minutes = [...new Set(edges)].toSorted((a, b) => a - b);
  for (let ahead = 0; ahead <= DAYS_AHEAD; ahead++) {
    const start = new Date(now.getFullYear(), now.getMonth(), now.getDate() + ahead);
    const end = new Date(now.getFullYear(), now.getMonth(), now.getDate() + ahead + 1);
    const isPlainDay = start.getTimezoneOffset() === end.getTimezoneOffset();
    // Where the clocks are changed, times of day are skipped or come twice: each minute is tried.
    yield* isPlainDay ? minutes.map((minute) => after(start, minute)) : minutesOf(start, end);
  }
}

function* minutesOf(start: Date, end: Date): Generator<Date> {
  const count = (end.getTime() - start.getTime()) / MINUTE_MS;
  for (let minute = 0; minute <= count; minute++) yield after(start, minute);
}

function after(start: Date, minutes: number): Date {
  return new Date(start.getTime() + minutes * MINUTE_MS);
}

function weekday(day: number): Weekday {
  return WEEKDAYS[(day + 7) % 7] ?? 'sun';
}
