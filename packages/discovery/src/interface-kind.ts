/** What sort of network interface it is, as far as sharing on it goes. */
export type InterfaceKind =
  /** Ethernet or Wi-Fi hardware, or a bridge, bond or VLAN on top of some. */
  | 'hardware'
  /** Nothing is known of it and its name says nothing against it. */
  | 'plain'
  /** Ethernet without hardware: the near end of a container's or a namespace's veth pair. */
  | 'virtual'
  /** A bridge that only containers or virtual machines are connected to. */
  | 'container-bridge'
  | 'tunnel'
  | 'mobile';

/** What Linux tells about an interface in `/sys/class/net/NAME`. */
export interface LinkFacts {
  readonly mac: string;
  /** ARPHRD number of the kernel's `if_arp.h`; 1 is Ethernet, which Wi-Fi shows as too. */
  readonly hardwareType: number;
  /** `DEVTYPE` of the uevent: bridge, vlan, wlan, wwan, vxlan, wireguard... */
  readonly deviceType: string | undefined;
  readonly hasDevice: boolean;
  readonly isTun: boolean;
  /** The interfaces that it is stacked on: ports of a bridge, members of a bond, a VLAN's parent. */
  readonly lowerNames: readonly string[];
}

const ETHERNET = 1;
const TUNNEL_DEVICE_TYPES = new Set([
  'vxlan',
  'geneve',
  'wireguard',
  'gretap',
  'l2tpeth',
  'bareudp',
]);
const MOST_STACKED = 8;

/** Names by which systems and programs make interfaces; consulted where nothing better is known. */
const KINDS_BY_NAME: readonly (readonly [RegExp, InterfaceKind])[] = [
  [
    /^(tun|tap|utun|wg|ppp|zt|tailscale|ipsec|vti|gre|sit|ip6tnl|ipip|vxlan|geneve|flannel)/,
    'tunnel',
  ],
  [
    /^(nebula|nordlynx|proton|cscotun|gpd|awdl|llw|tailscale|wireguard|openvpn|zerotier)/i,
    'tunnel',
  ],
  [/^(wwan|wwp|rmnet|pdp_ip)/, 'mobile'],
  [
    /^(docker|br-|virbr|cni|lxcbr|lxdbr|incusbr|podman|cbr|kube|vboxnet|vmnet|bridge1\d\d)/,
    'container-bridge',
  ],
  [/^(vEthernet|VirtualBox|VMware)/i, 'container-bridge'],
  [/^(veth|lxc|vnet|vmenet|cali|cilium|dummy|ifb|macvtap)/, 'virtual'],
];

/** What kind of interface this is; `links` is what is known of it and of those it is stacked on. */
export function interfaceKind(name: string, links: ReadonlyMap<string, LinkFacts>): InterfaceKind {
  const byName = KINDS_BY_NAME.find(([pattern]) => pattern.test(name))?.[1];
  const link = links.get(name);
  if (link === undefined) return byName ?? 'plain';
  if (link.deviceType === 'wwan') return 'mobile';
  if (link.isTun || link.hardwareType !== ETHERNET) return 'tunnel';
  if (TUNNEL_DEVICE_TYPES.has(link.deviceType ?? '')) return 'tunnel';
  if (standsOnHardware(name, links, MOST_STACKED)) return 'hardware';
  return byName ?? (link.deviceType === 'bridge' ? 'container-bridge' : 'virtual');
}

function standsOnHardware(
  name: string,
  links: ReadonlyMap<string, LinkFacts>,
  mostBelow: number,
): boolean {
  const link = links.get(name);
  if (link === undefined || mostBelow === 0) return false;
  return (
    link.hasDevice || link.lowerNames.some((lower) => standsOnHardware(lower, links, mostBelow - 1))
  );
}
