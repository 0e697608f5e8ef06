import { formatDuration } from './format.ts';

/** A moment as people here write it: `2026-11-22 14:03:05`, in the local time zone. */
export function formatTime(atMs: number): string {
  const at = new Date(atMs);
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(twoDigits).join('-');
  return `${date} ${formatTimeOfDay(atMs)}`;
}

/** `14:03:05`. */
function formatTimeOfDay(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
}

/** `12 min 3 s ago`; `now` for less than a second, and for what a clock has ahead. */
export function formatAgo(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs;
  return ms < 1000 ? 'now' : `${formatDuration(ms)} ago`;
}

/** `in 8 min 12 s (at 14:21:40)`, with the day where that is more than a day away. */
export function formatIn(seconds: number, nowMs: number): string {
  const atMs = nowMs + seconds * 1000;
  const at = seconds < 86_400 ? formatTimeOfDay(atMs) : formatTime(atMs);
  return `in ${formatDuration(seconds * 1000)} (at ${at})`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
