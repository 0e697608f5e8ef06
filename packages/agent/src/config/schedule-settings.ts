import { WEEKDAYS } from '@peer-cache/bandwidth';
import type { LimitInterval, LimitKey, RateLimit, Weekday } from '@peer-cache/bandwidth';
import { limitSetting } from './limit-settings.ts';
import { listSetting, textSetting } from './setting.ts';
import type { Setting } from './setting.ts';

/** The settings of one `[schedule.NAME]` table: when, and what is limited otherwise then. */
export interface ScheduleSettings extends Readonly<Record<LimitKey, Setting<RateLimit>>> {
  readonly days: Setting<readonly Weekday[]>;
  readonly from: Setting<number>;
  readonly to: Setting<number>;
}

/** A letter first: names that look like numbers would not come in the order of the file. */
const NAME = /^schedule\.([a-z][a-z\d_-]{0,31})\./;
const LIMIT_KEYS = ['wan', 'lan', 'serving', 'foreground', 'high', 'normal', 'low'] as const;
const TIME = /^([01]\d|2[0-4]):([0-5]\d)$/;
const MINUTES_PER_HOUR = 60;
const MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR;

/** The settings of the table `[schedule.NAME]` by their last name. */
export function scheduleSettings(name: string): ScheduleSettings {
  const limit = (key: LimitKey): Setting<RateLimit> => limitSetting(`schedule.${name}.${key}`, key);
  return {
    days: daysSetting(`schedule.${name}.days`),
    from: textSetting({
      key: `schedule.${name}.from`,
      doc: 'When it begins, by the clock on the wall.',
      expects: 'a time of day from "00:00" to "23:59"',
      fallback: '00:00',
      parse: (text) => parseTime(text, MINUTES_PER_DAY - 1),
    }),
    to: textSetting({
      key: `schedule.${name}.to`,
      doc: 'When it ends; on the next day where that is not after its beginning.',
      expects: 'a time of day from "00:00" to "24:00"',
      fallback: '24:00',
      parse: (text) => parseTime(text, MINUTES_PER_DAY),
    }),
    wan: limit('wan'),
    lan: limit('lan'),
    serving: limit('serving'),
    foreground: limit('foreground'),
    high: limit('high'),
    normal: limit('normal'),
    low: limit('low'),
  };
}

/** The NAME of a key such as `schedule.NAME.from`; undefined for any other key. */
export function scheduleNameIn(key: string): string | undefined {
  return NAME.exec(key)?.[1];
}

/** Why a table with these keys is none, or undefined for a right one. */
export function scheduleTableProblem(keys: ReadonlySet<string>): string | undefined {
  const missing = (['from', 'to'] as const).filter((key) => !keys.has(key));
  if (missing.length > 0) return `needs from and to, and has no ${missing.join(' and no ')}`;
  const hasLimit = LIMIT_KEYS.some((key) => keys.has(key));
  return hasLimit ? undefined : `changes no limit; give it one of ${LIMIT_KEYS.join(', ')}`;
}

/** What a table without a {@link scheduleTableProblem} says. */
export function scheduleInterval(
  name: string,
  keys: ReadonlySet<string>,
  read: <T>(setting: Setting<T>) => T,
): LimitInterval {
  const settings = scheduleSettings(name);
  const limited = LIMIT_KEYS.filter((key) => keys.has(key));
  return {
    name,
    days: read(settings.days),
    fromMinute: read(settings.from),
    toMinute: read(settings.to),
    rates: Object.fromEntries(limited.map((key) => [key, read(settings[key])])),
  };
}

function daysSetting(key: string): Setting<readonly Weekday[]> {
  const spans = listSetting({
    key,
    doc: 'On which days it begins.',
    expects: 'days such as ["mon-fri"] or ["sat", "sun"]',
    parse: parseDays,
  });
  return {
    ...spans,
    fallback: ['mon-sun'],
    read(value, baseFolder) {
      const days = spans.read(value, baseFolder)?.flat();
      return days === undefined || days.length === 0 ? undefined : [...new Set(days)];
    },
  };
}

/** The days of `mon`, or of `fri-mon`, which goes over Sunday. */
function parseDays(text: string): Weekday[] | undefined {
  const [first, last = first, more] = text.split('-').map((name) => {
    return WEEKDAYS.findIndex((day) => day === name);
  });
  if (first === undefined || last === undefined || more !== undefined) return undefined;
  if (first < 0 || last < 0) return undefined;
  const count = ((last - first + WEEKDAYS.length) % WEEKDAYS.length) + 1;
  return Array.from({ length: count }, (_, index) => first + index).flatMap((day) => {
    return WEEKDAYS[day % WEEKDAYS.length] ?? [];
  });
}

function parseTime(text: string, mostMinutes: number): number | undefined {
  const [, hours, minutes] = TIME.exec(text) ?? [];
  const time = Number(hours) * MINUTES_PER_HOUR + Number(minutes);
  return time <= mostMinutes ? time : undefined;
}
