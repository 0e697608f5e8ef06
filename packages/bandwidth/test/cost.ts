import test from 'ava';
import { isAllowed } from '../src/cost.ts';
import type { NetworkCost } from '@peer-cache/protocol';

const COSTS: readonly NetworkCost[] = [
  'unrestricted',
  'capped',
  'near-cap',
  'over-cap-charged',
  'over-cap-throttled',
  'usage-based',
  'roaming',
];

const allows = test.macro<[Parameters<typeof isAllowed>[0], readonly NetworkCost[]]>({
  exec(t, policy, expected) {
    t.deepEqual(
      COSTS.filter((cost) => isAllowed(policy, cost)),
      expected,
    );
  },
  title: (_, policy) => `${policy} allows what its mask in BITS allows`,
});

test(allows, 'always', COSTS);
test(allows, 'not-roaming', COSTS.slice(0, -1));
test(allows, 'no-surcharge', [
  'unrestricted',
  'capped',
  'near-cap',
  'over-cap-throttled',
  'usage-based',
]);
test(allows, 'standard', ['unrestricted', 'capped', 'over-cap-throttled', 'usage-based']);
test(allows, 'unrestricted', ['unrestricted', 'over-cap-throttled']);
