import type { CostPolicy, NetworkCost } from '@peer-cache/protocol';

/** By the bits that BITS has for them. */
const COST_BITS: Readonly<Record<NetworkCost, number>> = {
  unrestricted: 0x01,
  // Of how much is used nothing is known, or that it is under 80 %: no policy tells them apart.
  capped: 0x02 | 0x04,
  'near-cap': 0x08,
  'over-cap-charged': 0x10,
  'over-cap-throttled': 0x20,
  'usage-based': 0x40,
  roaming: 0x80,
};

/** COST-02, without the high bit: we leave congestion to whoever measures it. */
const POLICY_BITS: Readonly<Record<CostPolicy, number>> = {
  always: 0xff,
  'not-roaming': 0x7f,
  'no-surcharge': 0x6f,
  standard: 0x67,
  unrestricted: 0x21,
};

/** Whether a job with such a policy may run on such a network (COST-03). */
export function isAllowed(policy: CostPolicy, cost: NetworkCost): boolean {
  return (POLICY_BITS[policy] & COST_BITS[cost]) !== 0;
}
