import { NETWORK_COSTS } from '@peer-cache/protocol';
import type { NetworkCost } from '@peer-cache/protocol';
import test from 'ava';
import { isAllowed } from '../src/cost.ts';

const allows = test.macro<[Parameters<typeof isAllowed>[0], readonly NetworkCost[]]>({
  exec(t, policy, expected) {
    t.deepEqual(
      NETWORK_COSTS.filter((cost) => isAllowed(policy, cost)),
      expected,
    );
  },
  title: (_, policy) => `${policy} allows what its mask in BITS allows`,
});

test(allows, 'always', NETWORK_COSTS);
test(allows, 'not-roaming', NETWORK_COSTS.slice(0, -1));
test(allows, 'no-surcharge', [
  'unrestricted',
  'capped',
  'near-cap',
  'over-cap-throttled',
  'usage-based',
]);
test(allows, 'standard', ['unrestricted', 'capped', 'over-cap-throttled', 'usage-based']);
test(allows, 'unrestricted', ['unrestricted', 'over-cap-throttled']);
