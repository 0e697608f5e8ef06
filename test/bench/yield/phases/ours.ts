import type { YieldMeasures } from '../yield-measures.ts';
import type { YieldSite } from '../yield-site.ts';
import { measureEightJobs, measureEightSharing } from './eight-jobs.ts';
import type { IdleOffice } from './idle.ts';
import { measureLimits } from './limits.ts';
import { measureEquals, measurePriorities } from './several-jobs.ts';

/** What only ours is measured by; each begins with agents that have nothing. */
export type OurPhase = (site: YieldSite, idle: IdleOffice) => Promise<YieldMeasures>;

export const OUR_PHASES: readonly OurPhase[] = [
  measureEightJobs,
  measureEightSharing,
  measurePriorities,
  measureEquals,
  measureLimits,
];
