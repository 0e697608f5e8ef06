import type { YieldSite } from '../yield-site.ts';

/** A program that downloads in the background. */
export interface Subject {
  /** As on the command line. */
  readonly key: string;
  readonly name: string;
  /** What has to be installed. */
  readonly needs: readonly string[];
  /** Whether its figures are held against the aims, and it has phases of its own. */
  readonly isOurs: boolean;
  /** Has the background host download from now on. */
  readonly start: (site: YieldSite) => Promise<RunningSubject>;
}

/** Stops when disposed of. */
export interface RunningSubject extends AsyncDisposable {
  /** What is wrong with it by now, in words: it must still be at work when this is asked. */
  readonly problem: () => Promise<string | undefined>;
}
