import test from 'ava';
import {
  ipv4Routes,
  ipv6Routes,
  isOnline,
  outgoingInterfaces,
  signatureOf,
} from '../src/network/network-facts.ts';
import type { InterfaceAddress, NetworkFacts, Route } from '../src/network/network-facts.ts';

const LOOPBACK: InterfaceAddress = {
  interfaceName: 'lo',
  family: 4,
  address: '127.0.0.1',
  isLoopback: true,
};
const ON_LINK = { isDefault: false, gateway: '00000000', metric: 0 };

function address(text: string, interfaceName = 'eth0'): InterfaceAddress {
  return { interfaceName, family: text.includes(':') ? 6 : 4, address: text, isLoopback: false };
}

function route(family: 4 | 6, other: Partial<Route> = {}): Route {
  return { interfaceName: 'eth0', family, ...ON_LINK, ...other };
}

const judges = test.macro<[string, boolean, NetworkFacts]>({
  exec: (t, _, expected, facts) => t.is(isOnline(facts), expected),
  title: (_, what, expected) => `${what} is ${expected ? 'online' : 'offline'}`,
});

test(judges, 'nothing', false, { addresses: [], routes: [] });
test(judges, 'loopback alone', false, { addresses: [LOOPBACK], routes: [route(4)] });
test(judges, 'an address without a route', false, { addresses: [address('10.0.0.1')], routes: [] });
test(judges, 'a route without an address', false, { addresses: [LOOPBACK], routes: [route(4)] });
test(judges, 'an address with its own network', true, {
  addresses: [LOOPBACK, address('10.0.0.1')],
  routes: [route(4)],
});
test(judges, 'an address whose route is on another interface', false, {
  addresses: [address('10.0.0.1')],
  routes: [route(4, { interfaceName: 'eth1' })],
});
test(judges, 'an IPv6 address with routes of IPv4 only', false, {
  addresses: [address('fd00::1')],
  routes: [route(4)],
});
test(judges, 'a link-local IPv6 address without a default route', false, {
  addresses: [address('fe80::1')],
  routes: [route(6)],
});
test(judges, 'a link-local IPv4 address with a default route', true, {
  addresses: [address('169.254.10.1')],
  routes: [route(4, { isDefault: true })],
});
test(judges, 'an address where routes are not told', true, {
  addresses: [address('10.0.0.1')],
  routes: undefined,
});
test(judges, 'a link-local address where routes are not told', false, {
  addresses: [address('fe80::1')],
  routes: undefined,
});

test('another gateway and another address are a change, a container that starts is none', (t) => {
  const here = address('10.0.0.5');
  const before = signatureOf({ addresses: [here], routes: [route(4)] });
  const gateway = route(4, { isDefault: true, gateway: '010200C0' });
  t.not(signatureOf({ addresses: [here], routes: [route(4), gateway] }), before);
  t.not(signatureOf({ addresses: [address('10.0.0.6')], routes: [route(4)] }), before);
  const veth = address('fe80::2', 'veth12');
  t.is(signatureOf({ addresses: [veth, here], routes: [route(4), route(6)] }), before);
});

test('the order in which the system tells changes nothing', (t) => {
  const addresses = [address('10.0.0.5'), address('fd00::5')];
  const routes = [route(4), route(6)];
  t.is(
    signatureOf({ addresses, routes }),
    signatureOf({ addresses: addresses.toReversed(), routes: routes.toReversed() }),
  );
});

test('of the IPv4 table, routes that reject and those of loopback are left out', (t) => {
  const table = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0',
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    '*\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\t0\t0',
    'lo\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0',
    'torn',
    '',
  ];
  t.deepEqual(ipv4Routes(table.join('\n')), [
    { interfaceName: 'eth0', family: 4, isDefault: true, gateway: '010200C0', metric: 600 },
    { interfaceName: 'eth0', family: 4, isDefault: false, gateway: '00000000', metric: 0 },
  ]);
});

test('of the IPv6 table, what every interface has by itself is left out', (t) => {
  const none = '0'.repeat(32);
  const row = (destination: string, length: string, flags: string, name: string): string =>
    `${destination} ${length} ${none} 00 ${none} 00000100 00000001 00000000 ${flags} ${name}`;
  const table = [
    row('fd000000000000000000000000000000', '40', '00000001', 'eth0'),
    row('fe800000000000000000000000000000', '40', '00000001', 'eth0'),
    row(none, '00', '00000003', 'eth0'),
    row('fd000000000000000000000000000002', '80', '80200001', 'eth0'),
    row('ff000000000000000000000000000000', '08', '00000001', 'eth0'),
    row(none, '00', '00200200', 'lo'),
    '',
  ];
  t.deepEqual(ipv6Routes(table.join('\n')), [
    { interfaceName: 'eth0', family: 6, isDefault: false, gateway: none, metric: 256 },
    { interfaceName: 'eth0', family: 6, isDefault: true, gateway: none, metric: 256 },
  ]);
});

test('traffic leaves by the default route with the least metric, of each family', (t) => {
  const all = (family: 4 | 6, interfaceName: string, metric: number): Route =>
    route(family, { interfaceName, isDefault: true, metric });
  const routes = [all(4, 'wwan0', 700), all(4, 'wlan0', 600), route(4), all(6, 'eth1', 100)];
  t.deepEqual(outgoingInterfaces({ addresses: [], routes }), ['wlan0', 'eth1']);
  t.deepEqual(outgoingInterfaces({ addresses: [], routes: routes.slice(0, 2) }), ['wlan0']);
  t.deepEqual(outgoingInterfaces({ addresses: [address('10.0.0.1')], routes: [route(4)] }), []);
});

test('where routes are not told, every interface with an address may be the one', (t) => {
  const addresses = [LOOPBACK, address('10.0.0.1', 'en0'), address('fd00::1', 'en0')];
  const linkLocal = address('fe80::1', 'awdl0');
  t.deepEqual(outgoingInterfaces({ addresses: [...addresses, linkLocal], routes: undefined }), [
    'en0',
  ]);
});

test('another of two default routes is a change', (t) => {
  const addresses = [address('10.0.0.5')];
  const way = (metric: number): NetworkFacts => ({
    addresses,
    routes: [route(4, { isDefault: true, metric })],
  });
  t.not(signatureOf(way(20_600)), signatureOf(way(600)));
});
