import type { Choice, OpenRun } from '@peer-cache/ownership';
import type { WorkRun } from './work.ts';

/** A run to fetch from the origin, and how much of it. */
export interface Share {
  readonly run: OpenRun;
  readonly asked: WorkRun;
  /** One block, of nobody's, to see whether the origin can be reached again. */
  readonly isProbe: boolean;
  readonly kind: Choice['kind'];
}
