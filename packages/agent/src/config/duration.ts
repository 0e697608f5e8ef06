import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '@peer-cache/core';

const DURATION = /^(\d{1,10}(?:\.\d{1,3})?) ?(s|min|h|d)$/i;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  min: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
};

/** Milliseconds of text such as `30 s`, `10 min`, `1.5 h` or `14 d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = ''] = DURATION.exec(text) ?? [];
  const unitMs = UNIT_MS[unit.toLowerCase()];
  return number === undefined || unitMs === undefined
    ? undefined
    : Math.round(Number(number) * unitMs);
}
