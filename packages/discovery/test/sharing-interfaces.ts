import type { NetworkInterfaceInfo } from 'node:os';
import test from 'ava';
import type { LinkFacts } from '../src/interface-kind.ts';
import { sharingInterfaceOf, sharingInterfaces } from '../src/sharing-interfaces.ts';
import type { HostFacts, OsInterfaces, SharingOptions } from '../src/sharing-interfaces.ts';

const MAC = '02:00:00:00:00:01';
const HARDWARE: LinkFacts = {
  mac: MAC,
  hardwareType: 1,
  deviceType: undefined,
  hasDevice: true,
  isTun: false,
  lowerNames: [],
};
const VETH: LinkFacts = { ...HARDWARE, hasDevice: false };
const BRIDGE: LinkFacts = { ...VETH, deviceType: 'bridge' };

interface Case {
  /** Addresses of each interface, in CIDR form. */
  readonly os: Record<string, string[]>;
  readonly links?: Record<string, LinkFacts>;
  readonly defaultRoutes?: string[];
  readonly options?: SharingOptions;
  readonly shares: string[];
}

const shares = test.macro((t, { os, links, defaultRoutes, options, shares: expected }: Case) => {
  const decided = sharingInterfaces(osInterfaces(os), factsOf(links, defaultRoutes), options);
  t.deepEqual(
    decided.filter(({ isSharing }) => isSharing).map(({ name }) => name),
    expected,
    JSON.stringify(decided),
  );
  t.true(decided.every(({ reason }) => reason !== ''));
});

test('a private address on hardware is shared on', shares, {
  os: { lo: ['127.0.0.1/8'], eth0: ['192.168.1.5/24'], wlan0: ['172.16.3.4/16'] },
  links: { eth0: HARDWARE, wlan0: { ...HARDWARE, deviceType: 'wlan' } },
  shares: ['eth0', 'wlan0'],
});
test('a unique local IPv6 address is private', shares, {
  os: { eth0: ['fd12::5/64'] },
  links: { eth0: HARDWARE },
  shares: ['eth0'],
});
test('public, carrier-grade and link-local addresses are not shared on', shares, {
  os: { a: ['8.8.4.4/24'], b: ['100.64.0.9/10'], c: ['169.254.9.9/16'], d: ['fe80::1/64'] },
  links: { a: HARDWARE, b: HARDWARE, c: HARDWARE, d: HARDWARE },
  shares: [],
});
test('tunnels are not shared on, whatever their name', shares, {
  os: { office: ['10.8.0.2/24'], wg: ['10.9.0.2/24'], vx: ['10.7.0.2/24'], eth0: ['10.0.0.2/24'] },
  links: {
    office: { ...VETH, isTun: true },
    wg: { ...VETH, hardwareType: 65_534, deviceType: 'wireguard' },
    vx: { ...VETH, deviceType: 'vxlan', lowerNames: ['eth0'] },
    eth0: HARDWARE,
  },
  shares: ['eth0'],
});
test('mobile networks are not shared on', shares, {
  os: { wwan0: ['10.64.3.2/30'] },
  links: { wwan0: { ...HARDWARE, deviceType: 'wwan' } },
  shares: [],
});
test('bridges of containers and their veths are not shared on', shares, {
  os: {
    eth0: ['192.168.1.5/24', 'fe80::1/64'],
    docker0: ['172.17.0.1/16'],
    mynet: ['172.18.0.1/16'],
    veth12ab: ['fe80::2/64'],
  },
  links: {
    eth0: HARDWARE,
    docker0: BRIDGE,
    mynet: { ...BRIDGE, lowerNames: ['veth12ab'] },
    veth12ab: VETH,
  },
  defaultRoutes: ['eth0'],
  shares: ['eth0'],
});
test(
  'a container bridge is not taken for the way out of a host without a private address',
  shares,
  {
    os: { eth0: ['8.8.4.4/24'], docker0: ['172.17.0.1/16'], veth1: ['10.1.1.1/24'] },
    links: { eth0: HARDWARE, docker0: BRIDGE, veth1: VETH },
    shares: [],
  },
);
test('a bridge, a bond and a VLAN on hardware are shared on', shares, {
  os: { br0: ['10.0.0.2/24'], bond0: ['10.1.0.2/24'], 'bond0.7': ['10.2.0.2/24'] },
  links: {
    br0: { ...BRIDGE, lowerNames: ['eth0', 'vnet0'] },
    vnet0: { ...VETH, isTun: true },
    eth0: HARDWARE,
    bond0: { ...VETH, deviceType: 'bond', lowerNames: ['eth1'] },
    eth1: HARDWARE,
    'bond0.7': { ...VETH, deviceType: 'vlan', lowerNames: ['bond0'] },
  },
  shares: ['br0', 'bond0', 'bond0.7'],
});
test('interfaces that stand on each other in a ring are no hardware', shares, {
  os: { a: ['10.0.0.2/24'], b: ['10.1.0.2/24'] },
  links: { a: { ...VETH, lowerNames: ['b'] }, b: { ...VETH, lowerNames: ['a'] } },
  shares: [],
});
test('in a container the interface with the default route is shared on', shares, {
  os: { eth0: ['172.17.0.2/16'], eth1: ['172.19.0.2/16'] },
  links: { eth0: VETH, eth1: VETH },
  defaultRoutes: ['eth0'],
  shares: ['eth0'],
});
test('in a namespace without routes the only interface is shared on', shares, {
  os: { lo: ['127.0.0.1/8'], lan0: ['10.77.0.1/24', 'fe80::1/64'] },
  links: { lan0: VETH },
  shares: ['lan0'],
});
test('two interfaces of a namespace without routes are not guessed at', shares, {
  os: { lan0: ['10.77.0.1/24'], wan0: ['10.78.0.1/24'] },
  links: { lan0: VETH, wan0: VETH },
  shares: [],
});
test('containers in a container: the inner bridge is not shared on', shares, {
  os: { eth0: ['172.17.0.2/16'], docker0: ['172.18.0.1/16'] },
  links: { eth0: VETH, docker0: BRIDGE },
  defaultRoutes: ['eth0'],
  shares: ['eth0'],
});
test('without facts, names decide', shares, {
  os: {
    en0: ['192.168.1.5/24'],
    Ethernet: ['192.168.2.5/24'],
    utun3: ['10.8.0.2/24'],
    tailscale0: ['10.9.0.2/24'],
    'vEthernet (WSL)': ['172.20.0.1/20'],
    bridge100: ['192.168.64.1/24'],
    veth0: ['10.3.0.1/24'],
  },
  shares: ['en0', 'Ethernet'],
});
test('facts about an interface with another MAC are of another namespace and not used', shares, {
  os: { eth0: ['10.77.0.1/24'] },
  links: { eth0: { ...HARDWARE, mac: '02:00:00:00:00:99', isTun: true } },
  shares: ['eth0'],
});
test('an interface that is named is shared on, whatever it is, and no other', shares, {
  os: { eth0: ['10.0.0.2/24'], tun0: ['10.8.0.2/24'], pub: ['8.8.4.4/24'] },
  links: { eth0: HARDWARE, tun0: { ...VETH, isTun: true }, pub: HARDWARE },
  options: { interfaces: ['tun0', 'pub', 'absent'] },
  shares: ['tun0', 'pub'],
});
test('only addresses in the configured networks are shared on', shares, {
  os: { eth0: ['10.0.0.2/24'], eth1: ['192.168.1.5/24'] },
  links: { eth0: HARDWARE, eth1: HARDWARE },
  options: { networks: ['192.168.0.0/16', 'fd00::/8'] },
  shares: ['eth1'],
});
test('loopback is shared on only when asked for, and then alone', shares, {
  os: { lo: ['127.0.0.1/8', '::1/128'], eth0: ['10.0.0.2/24'] },
  links: { eth0: HARDWARE },
  options: { loopback: true },
  shares: ['lo'],
});

test('public addresses beside a private one are left out; link-local ones come along', (t) => {
  const os = osInterfaces({ eth0: ['10.0.0.2/24', '2a00::5/64', 'fe80::1/64', '8.8.4.4/24'] });
  const [eth0] = sharingInterfaces(os, factsOf({ eth0: HARDWARE }));
  t.deepEqual(eth0?.addresses, ['10.0.0.2', 'fe80::1%eth0']);
  t.deepEqual(eth0?.prefixes, ['10.0.0.0/24', 'fe80::%eth0/64']);
});

test('an interface that is named but absent is told of', (t) => {
  const [absent] = sharingInterfaces({}, factsOf(), { interfaces: ['eth9'] });
  t.like(absent, { name: 'eth9', isSharing: false, reason: 'not there, or down' });
});

test('a configured network that is none is an error that names it', (t) => {
  const error = t.throws(() => sharingInterfaces({}, factsOf(), { networks: ['10.0.0.1'] }));
  t.like(error, { code: 'INVALID_SHARING_NETWORK' });
  t.true(error?.message.includes('10.0.0.1'));
});

test('a source is on-link on a sharing interface only, and IPv6 only through its zone', (t) => {
  const os = osInterfaces({ eth0: ['10.0.0.2/24', 'fe80::1/64'], docker0: ['172.17.0.1/16'] });
  const interfaces = sharingInterfaces(os, factsOf({ eth0: HARDWARE, docker0: BRIDGE }));
  t.is(sharingInterfaceOf(interfaces, '10.0.0.77')?.name, 'eth0');
  t.is(sharingInterfaceOf(interfaces, 'fe80::77%eth0')?.name, 'eth0');
  for (const stranger of ['10.0.1.77', '172.17.0.2', 'fe80::77%docker0', 'fe80::77', 'x', '']) {
    t.is(sharingInterfaceOf(interfaces, stranger), undefined, stranger);
  }
});

function osInterfaces(addresses: Record<string, string[]>): OsInterfaces {
  return Object.fromEntries(
    Object.entries(addresses).map(([name, cidrs]) => [name, cidrs.map((cidr) => info(cidr))]),
  );
}

function info(cidr: string): NetworkInterfaceInfo {
  const address = cidr.split('/')[0] ?? '';
  const internal = address === '127.0.0.1' || address === '::1';
  const common = { address, netmask: '', mac: MAC, internal, cidr };
  return address.includes(':')
    ? { ...common, family: 'IPv6', scopeid: 2 }
    : { ...common, family: 'IPv4' };
}

function factsOf(links: Record<string, LinkFacts> = {}, defaultRoutes: string[] = []): HostFacts {
  return {
    links: new Map(Object.entries(links)),
    defaultRoutes: new Set(defaultRoutes),
    hasNumberedZones: false,
  };
}
