import type { Measures } from './measures.ts';

/** What came of one run. */
export interface RunReport {
  readonly measures: Measures;
  /** Of each host, from the start of the clock on, by its place; not a number where it did not end. */
  readonly hostSeconds: readonly number[];
  /** What did not go as it should, in words. */
  readonly problems: readonly string[];
  /** What else is to be known of it, in words. */
  readonly remarks: readonly string[];
}
