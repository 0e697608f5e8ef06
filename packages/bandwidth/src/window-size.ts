import { KIB } from '@peer-cache/core';

/** Requests that share a window that is large enough. */
const REQUESTS = 6;
/** The least where the window has room for several: each request has its cost. */
const USUAL_PIECE_BYTES = 24 * KIB;
export const LEAST_PIECE_BYTES: number = 4 * KIB;
const MOST_PIECE_BYTES = 256 * KIB;
const LEAST_PIECES = 3;
const MOST_WINDOW_BYTES = 16 * 1024 * KIB;

/** A window is scaled by `KEEP + GAIN * (base + target) / delay`, within these bounds. */
const KEEP = 0.4;
const GAIN = 0.6;
const LEAST_FACTOR = 0.3;
/** Also of a window that is to find out what the link can do. */
export const MOST_FACTOR = 2;

const CAP_FACTOR = 2.2;
const CAP_BYTES = 32 * KIB;

/** The queue that own requests may keep on the way: enough to hide this process's own jitter. */
const TARGET_MS = 10;
/** On a slow link the least request takes longer than the target; the queue can't be finer. */
const LEAST_QUEUE_BYTES = 1.25 * LEAST_PIECE_BYTES;

export function queueTargetMs(capacityBytesPerMs: number = Infinity): number {
  return Math.max(TARGET_MS, LEAST_QUEUE_BYTES / capacityBytesPerMs);
}

/** For how many bytes one request is. */
export function pieceBytes(windowBytes: number): number {
  const share = Math.max(USUAL_PIECE_BYTES, windowBytes / REQUESTS);
  const bytes = Math.min(MOST_PIECE_BYTES, share, windowBytes / LEAST_PIECES);
  return Math.max(LEAST_PIECE_BYTES, Math.floor(bytes));
}

/** What the window is multiplied by, for a queue of `targetMs` in the end. */
export function factorOf(delays: {
  readonly baseMs: number;
  readonly queueMs: number;
  readonly targetMs: number;
}): number {
  const { baseMs, queueMs, targetMs } = delays;
  const factor = KEEP + (GAIN * (baseMs + targetMs)) / (baseMs + queueMs);
  return Math.min(MOST_FACTOR, Math.max(LEAST_FACTOR, factor));
}

/** No more is asked for than so many times what the rate so far brings in `delayMs`. */
export function mostWindow(rate: number, delayMs: number): number {
  return CAP_FACTOR * rate * delayMs + CAP_BYTES;
}

/** No smaller than one request, and no larger than anybody could use. */
export function boundedWindow(windowBytes: number, mostBytes: number): number {
  const most = Math.min(MOST_WINDOW_BYTES, mostBytes);
  return Math.max(LEAST_PIECE_BYTES, Math.min(most, windowBytes));
}
