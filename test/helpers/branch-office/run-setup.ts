import type { ServedContent } from './served-content.ts';

/** What is the same for all runs of a bench. */
export interface RunSetup {
  /** The built command. */
  readonly bin: string;
  readonly content: ServedContent;
  readonly downMbit: number;
  readonly upMbit: number;
  /** In place of those of the scenario. */
  readonly hosts?: number | undefined;
  /** Where agents' last words are written after each run. */
  readonly logFolder?: string | undefined;
}

const LEAST_LIMIT_SECONDS = 60;

/** What one copy takes through the WAN, in theory. */
export function idealSeconds({ content, downMbit }: RunSetup): number {
  return (content.file.sizeBytes * 8) / (downMbit * 1e6);
}

/** Enough for a copy for everybody; who is not done by then is late. */
export function timeLimit(setup: RunSetup, hosts: number): AbortSignal {
  const seconds = LEAST_LIMIT_SECONDS + (hosts + 2) * idealSeconds(setup);
  return AbortSignal.timeout(seconds * 1000);
}
