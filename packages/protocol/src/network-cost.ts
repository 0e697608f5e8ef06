/** The states of BITS (COST-01), the cheapest first; what is not known is unrestricted. */
export const NETWORK_COSTS = [
  'unrestricted',
  'capped',
  'near-cap',
  'over-cap-charged',
  'over-cap-throttled',
  'usage-based',
  'roaming',
] as const;

/** What the network that is used costs. */
export type NetworkCost = (typeof NETWORK_COSTS)[number];

/** The names of BITS (COST-02). */
export const COST_POLICIES = [
  'always',
  'unrestricted',
  'standard',
  'no-surcharge',
  'not-roaming',
] as const;

/** On which networks a job may run, by what a network costs. */
export type CostPolicy = (typeof COST_POLICIES)[number];
