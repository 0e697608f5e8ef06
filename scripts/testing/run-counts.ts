import type { Event } from 'ava/internal';

/** What a test run, or one file of it, came to. */
export interface RunCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The counts that ava keeps while it runs. */
export type RunStats = Extract<Event, { type: 'stats' }>['stats'];
type FileStats = RunStats['byFile'] extends Map<string, infer Stats> ? Stats : never;

/**
 * ava's counts of one file in three numbers. Whatever else went wrong than an assertion counts as
 * a failure of its own: a hook, an exception nobody caught, a test that never came to its end, a
 * file without a test.
 */
export function countsOfFile(stats: FileStats): RunCounts {
  const failed =
    stats.failedTests +
    stats.failedHooks +
    stats.remainingTests +
    stats.uncaughtExceptions +
    stats.unhandledRejections +
    stats.internalErrors;
  const isEmpty = stats.declaredTests === 0 && failed === 0;
  return {
    passed: stats.passedTests + stats.passedKnownFailingTests,
    failed: isEmpty ? 1 : failed,
    skipped: stats.skippedTests + stats.todoTests,
  };
}

/** ava's counts of the whole run; an error of ava's own, outside any file, is a failure too. */
export function countsOfRun(stats: RunStats): RunCounts {
  const files = [...stats.byFile.values()];
  const inFiles = files.map(countsOfFile);
  const errorsInFiles = sum(files.map(({ internalErrors }) => internalErrors));
  return {
    passed: sum(inFiles.map(({ passed }) => passed)),
    failed:
      sum(inFiles.map(({ failed }) => failed)) +
      (stats.internalErrors - errorsInFiles) +
      stats.sharedWorkerErrors,
    skipped: sum(inFiles.map(({ skipped }) => skipped)),
  };
}

/** The line that a run closes with: `12 passed, 0 failed`, and `, 1 skipped` where that is so. */
export function closingLine({ passed, failed, skipped }: RunCounts): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
