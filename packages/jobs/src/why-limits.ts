import { shownRate } from '@peer-cache/bandwidth';
import type { LimitExplanation } from '@peer-cache/bandwidth';
import { DAY_MS, SECOND_MS } from '@peer-cache/core';
import type { WaitReason } from '@peer-cache/protocol';

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** Why nothing comes for a job at all: a limit of 0. Undefined where none is. Pure. */
export function blockedReason(
  limits: readonly LimitExplanation[],
  nowMs: number,
): WaitReason | undefined {
  const blocked = limits.find(({ bytesPerSecond }) => bytesPerSecond === 0);
  if (blocked === undefined) return undefined;
  const { until } = blocked;
  const inSeconds = until && Math.max(0, Math.ceil((until.getTime() - nowMs) / SECOND_MS));
  const advice = until === undefined ? '; it goes on when that is another' : '';
  const text = `nothing may come over the WAN for it, by ${shownPlace(blocked, nowMs)}${advice}`;
  return { code: 'limit', text, ...(inSeconds !== undefined && { inSeconds }) };
}

/** How fast a job may be at most, the slowest limit first. Pure. */
export function limitReasons(limits: readonly LimitExplanation[], nowMs: number): WaitReason[] {
  return limits.map((limit) => {
    const rate = shownRate(limit.bytesPerSecond);
    const text = `it may take at most ${rate} over the WAN, by ${shownPlace(limit, nowMs)}`;
    return { code: 'limit', text };
  });
}

/** `schedule.work-hours.low (50 % of the link) until 18:00`. */
function shownPlace({ key, linkShare, until }: LimitExplanation, nowMs: number): string {
  const place = key ?? 'its own limit (job set --limit)';
  const percent = linkShare === undefined ? '' : ` (${Math.round(100 * linkShare)} % of the link)`;
  return place + percent + (until === undefined ? '' : ` until ${shownMoment(until, nowMs)}`);
}

/** `18:00`, or `Monday 08:00` where it is not within a day. */
function shownMoment(moment: Date, nowMs: number): string {
  const [hours, minutes] = [moment.getHours(), moment.getMinutes()].map((part) => {
    return String(part).padStart(2, '0');
  });
  const isNear = moment.getTime() - nowMs < DAY_MS;
  return isNear ? `${hours}:${minutes}` : `${WEEKDAYS[moment.getDay()]} ${hours}:${minutes}`;
}
