import type { Scenario } from './scenario.ts';
import { AT_REST } from './scenarios/at-rest.ts';
import { HOSTILE } from './scenarios/hostile.ts';
import { LIMITS } from './scenarios/limits.ts';
import { LOSSES } from './scenarios/losses.ts';
import { STARTS } from './scenarios/starts.ts';

/** All there are, in the order in which they are played. */
export const SCENARIOS: readonly Scenario[] = [
  ...STARTS,
  ...LOSSES,
  ...LIMITS,
  ...HOSTILE,
  ...AT_REST,
];
