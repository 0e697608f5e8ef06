// The settings of ava for `npm test`: those of package.json, and an observer that tells the
// process that started ava what happened. ava's own two outputs don't do: TAP breaks off at the
// first test that hangs, the other is meant for eyes.
import { relative } from 'node:path';
import process from 'node:process';
import type { Event, ObservedRun } from 'ava/internal';
import workspace from '../../package.json' with { type: 'json' };
import { countsOfFile, countsOfRun } from './run-counts.ts';
import type { RunCounts, RunStats } from './run-counts.ts';

/** What ava's process tells the one that started it. */
export type RunMessage =
  | { readonly kind: 'skipped'; readonly title: string; readonly file: string }
  | { readonly kind: 'file-done'; readonly file: string; readonly counts: RunCounts }
  | { readonly kind: 'run-done'; readonly counts: RunCounts };

interface Settings {
  readonly nonSemVerExperiments: Readonly<Record<string, true>>;
  observeRun(run: ObservedRun): Promise<void>;
}

const settings: Settings = {
  ...workspace.ava,
  nonSemVerExperiments: { observeRunsFromConfig: true },
  async observeRun({ events }: ObservedRun): Promise<void> {
    let stats: RunStats | undefined;
    for await (const event of events) {
      if (event.type === 'stats') ({ stats } = event);
      const message = stats && messageOf(event, stats);
      if (message) process.send?.(message);
    }
  },
};
export default settings;

function messageOf(event: Event, stats: RunStats): RunMessage | undefined {
  if (event.type === 'selected-test' && (event.skip || event.todo)) {
    return { kind: 'skipped', title: event.title, file: relative('.', event.testFile) };
  }
  if (event.type === 'end') return { kind: 'run-done', counts: countsOfRun(stats) };
  if (event.type !== 'worker-finished' && event.type !== 'worker-failed') return undefined;
  // ava's types leave it out of one of the two.
  const path = 'testFile' in event ? event.testFile : undefined;
  const ofFile = path === undefined ? undefined : stats.byFile.get(path);
  if (path === undefined || ofFile === undefined) return undefined;
  return { kind: 'file-done', file: relative('.', path), counts: countsOfFile(ofFile) };
}
