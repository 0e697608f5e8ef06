import type { NetworkCost, NetworkStatus } from '@peer-cache/protocol';
import test from 'ava';
import type { CostRule } from '../src/config/network-settings.ts';
import { networkCost } from '../src/network/network-cost.ts';
import type { CostFacts } from '../src/network/network-cost.ts';
import type { PrimaryConnection } from '../src/network/primary-connection.ts';

const WIFI: PrimaryConnection = {
  interfaceNames: ['wlan0'],
  ssid: 'Guest Net',
  isMetered: undefined,
  isRoaming: false,
};

function rule(name: string, cost: NetworkCost): CostRule {
  const [ssid] = name.startsWith('ssid:') ? [name.slice('ssid:'.length)] : [];
  const key = `network.cost.${name}`;
  return ssid === undefined
    ? { key, kind: 'interface', name, cost }
    : { key, kind: 'ssid', name: ssid, cost };
}

function configured(name: string, cost: NetworkCost): NetworkStatus {
  return { cost, source: 'configuration', reason: `network.cost.${name}` };
}

const costs = test.macro<[string, Partial<CostFacts>, readonly CostRule[], Partial<NetworkStatus>]>(
  {
    exec(t, _, facts, rules, expected) {
      const whole = { outgoingInterfaces: ['wlan0'], connection: undefined, ...facts };
      t.like(networkCost(whole, rules), expected);
    },
    title: (_, what) => what,
  },
);

test(costs, 'what nobody knows is unrestricted', {}, [], {
  cost: 'unrestricted',
  source: 'default',
});
test(
  costs,
  'what NetworkManager takes for metered is capped',
  { connection: { ...WIFI, isMetered: true } },
  [],
  { cost: 'capped', source: 'network-manager' },
);
test(
  costs,
  'what it takes for not metered is unrestricted, and it says so',
  { connection: { ...WIFI, isMetered: false } },
  [],
  { cost: 'unrestricted', source: 'network-manager' },
);
test(
  costs,
  'a modem that roams does so whatever its connection costs at home',
  { connection: { ...WIFI, ssid: undefined, isMetered: false, isRoaming: true } },
  [],
  { cost: 'roaming', source: 'modem-manager' },
);
test(
  costs,
  'the configuration wins over all that is known',
  { connection: { ...WIFI, isMetered: true, isRoaming: true } },
  [rule('wlan0', 'unrestricted')],
  configured('wlan0', 'unrestricted'),
);
test(
  costs,
  'the interface of the default route counts, no other',
  { outgoingInterfaces: ['eth0'] },
  [rule('wwan0', 'usage-based'), rule('eth0', 'near-cap')],
  configured('eth0', 'near-cap'),
);
test(
  costs,
  'a rule for another interface says nothing of this one',
  {},
  [rule('wwan0', 'usage-based')],
  { source: 'default' },
);
test(
  costs,
  'a Wi-Fi network comes before the interface that it is on',
  { connection: WIFI },
  [rule('wlan0', 'capped'), rule('ssid:Guest Net', 'usage-based')],
  configured('ssid:Guest Net', 'usage-based'),
);
test(
  costs,
  'another Wi-Fi network is another',
  { connection: { ...WIFI, ssid: 'Home' } },
  [rule('ssid:Guest Net', 'usage-based')],
  { source: 'default' },
);
test(
  costs,
  'without NetworkManager the names of Wi-Fi networks do not count',
  {},
  [rule('ssid:Guest Net', 'usage-based')],
  { source: 'default' },
);
test(
  costs,
  'what a VPN goes over counts where its own interface has no rule',
  { outgoingInterfaces: ['tun0'], connection: { ...WIFI, interfaceNames: ['wwan0', 'cdc-wdm0'] } },
  [rule('wwan0', 'usage-based')],
  configured('wwan0', 'usage-based'),
);
