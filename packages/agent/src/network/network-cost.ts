import type { NetworkStatus } from '@peer-cache/protocol';
import type { CostRule } from '../config/network-settings.ts';
import type { PrimaryConnection } from './primary-connection.ts';

/** What tells the cost of the network, as far as anybody does. */
export interface CostFacts {
  /** Those of the default routes, the likeliest first. */
  readonly outgoingInterfaces: readonly string[];
  /** Undefined where there is no NetworkManager, or it has no connection. */
  readonly connection: PrimaryConnection | undefined;
}

/**
 * What the network costs: what the configuration says of it, else what NetworkManager does, else
 * nothing. A Wi-Fi network is looked up before the interface that is used for all of them.
 */
export function networkCost(
  { outgoingInterfaces, connection }: CostFacts,
  rules: readonly CostRule[],
): NetworkStatus {
  const rule = ruleFor({ outgoingInterfaces, connection }, rules);
  if (rule !== undefined) return { cost: rule.cost, source: 'configuration', reason: rule.key };
  if (connection?.isRoaming === true) {
    return { cost: 'roaming', source: 'modem-manager', reason: 'the modem is roaming' };
  }
  if (connection?.isMetered === undefined) {
    return { cost: 'unrestricted', source: 'default', reason: 'nobody says otherwise' };
  }
  if (!connection.isMetered) {
    const reason = 'NetworkManager: not metered';
    return { cost: 'unrestricted', source: 'network-manager', reason };
  }
  // NetworkManager says that bytes count, and not how many are left: BITS's "capped, usage unknown"
  // (COST-01), and what Windows takes a network for that its user called metered. `unrestricted`
  // jobs wait then and `standard` ones go on, as they would on a plan that is far from its cap
  // (COST-02). Whoever pays for each byte says so in the configuration.
  return { cost: 'capped', source: 'network-manager', reason: 'NetworkManager: metered' };
}

function ruleFor(
  { outgoingInterfaces, connection }: CostFacts,
  rules: readonly CostRule[],
): CostRule | undefined {
  const ofSsid = rules.find(({ kind, name }) => kind === 'ssid' && name === connection?.ssid);
  if (ofSsid !== undefined) return ofSsid;
  // NetworkManager's come last: those of the default route are another's where a VPN has it, and
  // then they name what the VPN goes over.
  const names = [...outgoingInterfaces, ...(connection?.interfaceNames ?? [])];
  const ofInterfaces = rules.filter(({ kind }) => kind === 'interface');
  const named = names.find((each) => ofInterfaces.some(({ name }) => name === each));
  return ofInterfaces.find(({ name }) => name === named);
}
