/** A counter of bytes that only grows, as it was read at a moment. */
export interface Sample {
  readonly ms: number;
  readonly bytes: number;
}

/** From `startMs` until `endMs`, on the clock of the samples. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** What must hold of a rate in Mbit/s. */
export type RateClaim = (mbit: number) => boolean;

/** Over which rates are taken: a shaper and TCP let bytes go in bursts of some tens of milliseconds. */
const SMOOTHING_MS = 300;
/** For so long it must hold: after a loss any download gets next to nothing for a moment. */
const LASTING_MS = 1000;
const BITS_PER_MBIT = 1e6;

/** What the counter grew by; between two samples it is taken to grow evenly. */
export function bytesWithin(samples: readonly Sample[], { startMs, endMs }: Span): number {
  return bytesAt(samples, endMs) - bytesAt(samples, startMs);
}

export function mbitWithin(samples: readonly Sample[], span: Span): number {
  const seconds = (span.endMs - span.startMs) / 1000;
  return (bytesWithin(samples, span) * 8) / BITS_PER_MBIT / seconds;
}

/**
 * Seconds from the start of a span until the smoothed rate is as claimed, and that of the second
 * which follows too; Infinity if it never is.
 */
export function secondsUntil(
  isAsClaimed: RateClaim,
  samples: readonly Sample[],
  { startMs, endMs }: Span,
): number {
  const isSo = (span: Span): boolean => isAsClaimed(mbitWithin(samples, span));
  const found = samples.find(
    ({ ms }) =>
      ms > startMs &&
      ms + LASTING_MS <= endMs &&
      isSo({ startMs: ms - SMOOTHING_MS, endMs: ms }) &&
      isSo({ startMs: ms, endMs: ms + LASTING_MS }),
  );
  return found === undefined ? Number.POSITIVE_INFINITY : (found.ms - startMs) / 1000;
}

/** The value that a share of the values (0.5, 0.95) does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = Math.ceil(share * sorted.length) - 1;
  return sorted[Math.max(0, place)] ?? Number.NaN;
}

function bytesAt(samples: readonly Sample[], ms: number): number {
  const after = samples.findIndex((sample) => sample.ms >= ms);
  const next = samples[after];
  if (next === undefined) return samples.at(-1)?.bytes ?? Number.NaN;
  const last = samples[after - 1];
  if (last === undefined) return next.bytes;
  const share = (ms - last.ms) / (next.ms - last.ms);
  return last.bytes + share * (next.bytes - last.bytes);
}
