import type { Scenario } from './scenario.ts';
import { AT_REST } from './scenarios/at-rest.ts';
import { LIMITS } from './scenarios/limits.ts';
import { LOSSES } from './scenarios/losses.ts';
import { STARTS } from './scenarios/starts.ts';

/** All there are, in the order in which they are played. Hostile ones belong in a file of their own. */
export const SCENARIOS: readonly Scenario[] = [...STARTS, ...LOSSES, ...LIMITS, ...AT_REST];
