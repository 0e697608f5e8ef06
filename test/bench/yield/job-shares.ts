import { bytesWithin } from './samples.ts';
import type { Sample } from './samples.ts';

/** What a job had at each moment, and what it is to have in the end. */
export interface JobSeries {
  readonly sizeBytes: number;
  readonly samples: readonly Sample[];
}

/**
 * What jobs got while a more urgent one still had work, as a share of all that was got meanwhile:
 * the highest of any level. The most urgent job comes first; all of them began before `startMs`.
 */
export function leakOf(jobs: readonly JobSeries[], startMs: number): number {
  const leaks = jobs.slice(0, -1).map((_, level) => {
    const ends = jobs.slice(0, level + 1).map(endOf);
    const begins = [startMs, ...ends.slice(0, -1)];
    const span = { startMs: Math.max(...begins), endMs: Math.max(...ends) };
    const got = jobs.map(({ samples }) => bytesWithin(samples, span));
    return sumOf(got.slice(level + 1)) / sumOf(got);
  });
  return Math.max(...leaks);
}

/** By what share of the larger one the least of them got less than the most, within a span. */
export function unevennessOf(
  jobs: readonly JobSeries[],
  span: { readonly startMs: number; readonly endMs: number },
): number {
  const got = jobs.map(({ samples }) => bytesWithin(samples, span));
  const most = Math.max(...got);
  return (most - Math.min(...got)) / most;
}

/** When it had all; the last that is known of it, if it never had. */
function endOf({ sizeBytes, samples }: JobSeries): number {
  const end = samples.find(({ bytes }) => bytes >= sizeBytes) ?? samples.at(-1);
  return end?.ms ?? Number.NaN;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
