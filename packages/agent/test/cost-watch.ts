import { EventEmitter } from 'node:events';
import { silentLog } from '@peer-cache/core';
import type { NetworkStatus } from '@peer-cache/protocol';
import test from 'ava';
import type { CostRule } from '../src/config/network-settings.ts';
import { watchNetworkCost } from '../src/network/cost-watch.ts';
import type { NetworkFacts } from '../src/network/network-facts.ts';
import type { NetworkManagerEvents } from '../src/network/network-manager.ts';
import type { NetworkEvents } from '../src/network/network-watch.ts';
import type { PrimaryConnection } from '../src/network/primary-connection.ts';

const METERED: PrimaryConnection = {
  interfaceNames: ['wlan0'],
  ssid: 'Guest Net',
  isMetered: true,
  isRoaming: false,
};
const MODEM: CostRule = {
  key: 'network.cost.wwan0',
  kind: 'interface',
  name: 'wwan0',
  cost: 'usage-based',
};
const GUEST: CostRule = {
  key: 'network.cost.ssid:Guest Net',
  kind: 'ssid',
  name: 'Guest Net',
  cost: 'near-cap',
};

function factsBy(interfaceName: string): NetworkFacts {
  const route = { interfaceName, family: 4, isDefault: true, gateway: '', metric: 0 } as const;
  return { addresses: [], routes: [route] };
}

/** A watch of a machine whose network is what the test says. */
function watching(rules: readonly CostRule[], parts: { readonly isPresent?: boolean } = {}) {
  const network = new EventEmitter<NetworkEvents>();
  const manager = Object.assign(new EventEmitter<NetworkManagerEvents>(), {
    connection: undefined as PrimaryConnection | undefined,
    isPresent: true,
    ...parts,
  });
  let facts: NetworkFacts | undefined = factsBy('wlan0');
  const readFacts = (): NetworkFacts => {
    if (facts === undefined) throw new Error('no netlink here');
    return facts;
  };
  const warnings: object[] = [];
  const log = { ...silentLog, warn: (fact: object) => warnings.push(fact) };
  const watch = watchNetworkCost({ log, network, manager, readFacts }, { rules });
  const told: NetworkStatus[] = [];
  watch.on('cost-changed', (status) => told.push(status));
  const goBy = (next: NetworkFacts | undefined): void => {
    facts = next;
    network.emit('network-changed', { isOnline: true });
  };
  const connect = (connection: PrimaryConnection | undefined): void => {
    manager.connection = connection;
    manager.emit('connection-changed', { connection });
  };
  return { watch, told, warnings, goBy, connect, network, manager };
}

test('another default route and another word of NetworkManager are followed', (t) => {
  const { watch, told, goBy, connect } = watching([MODEM]);
  t.is(watch.current.cost, 'unrestricted');
  connect(METERED);
  t.like(watch.current, { cost: 'capped', source: 'network-manager' });
  goBy(factsBy('wwan0'));
  t.like(watch.current, { cost: 'usage-based', source: 'configuration' });
  connect(undefined);
  goBy(factsBy('wlan0'));
  t.deepEqual(
    told.map(({ cost }) => cost),
    ['capped', 'usage-based', 'unrestricted'],
  );
});

test('other rules are in force at once', (t) => {
  const { watch, told, connect } = watching([]);
  connect(METERED);
  watch.reconfigure({ rules: [GUEST] });
  t.deepEqual(watch.current, { cost: 'near-cap', source: 'configuration', reason: GUEST.key });
  watch.reconfigure({ rules: [] });
  t.deepEqual(
    told.map(({ cost }) => cost),
    ['capped', 'near-cap', 'capped'],
  );
});

test('the same cost for another reason is no event, and is known', (t) => {
  const { watch, told, connect } = watching([]);
  connect({ ...METERED, isMetered: false });
  t.like(watch.current, { cost: 'unrestricted', source: 'network-manager' });
  t.deepEqual(told, []);
});

test('where the system refuses to tell its routes, those that were known stay', (t) => {
  const { watch, goBy } = watching([MODEM]);
  goBy(factsBy('wwan0'));
  goBy(undefined);
  t.is(watch.current.cost, 'usage-based');
});

test('that names of Wi-Fi networks do not count is said once', (t) => {
  const { watch, warnings } = watching([GUEST, MODEM], { isPresent: false });
  watch.reconfigure({ rules: [GUEST] });
  t.deepEqual(warnings, [{ keys: [GUEST.key] }]);
  t.deepEqual(watching([GUEST]).warnings, []);
  t.deepEqual(watching([MODEM], { isPresent: false }).warnings, []);
});

test('a watch that is disposed listens to nobody', (t) => {
  const { watch, network, manager } = watching([]);
  watch[Symbol.dispose]();
  t.is(network.listenerCount('network-changed'), 0);
  t.is(manager.listenerCount('connection-changed'), 0);
});
