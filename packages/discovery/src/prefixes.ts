import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Whether a prefix (`10.0.0.0/16`, `fe80::%eth0/64`) contains an address; zones must be equal. */
export function prefixContains(prefix: string, address: string): boolean {
  if (!ipaddr.isValidCIDR(prefix) || !ipaddr.isValid(address)) return false;
  const [network, length] = ipaddr.parseCIDR(prefix);
  const candidate = ipaddr.parse(address);
  return (
    network.kind() === candidate.kind() &&
    zoneOf(network) === zoneOf(candidate) &&
    candidate.match(network, length)
  );
}

/** The network that an address with this prefix length is in, as {@link prefixContains} takes it. */
export function prefixOf(address: string, length: number): string {
  const network = isIPv4(address)
    ? ipaddr.IPv4.networkAddressFromCIDR(`${address}/${length}`)
    : ipaddr.IPv6.networkAddressFromCIDR(`${withoutZone(address)}/${length}`);
  const zone = address.split('%')[1];
  return `${network.toString()}${zone === undefined ? '' : `%${zone}`}/${length}`;
}

/**
 * The one text of an address that both ends of a lookup put into its proof: without the zone,
 * which names an interface of one host only, and in the form of RFC 5952.
 */
export function provenText(address: string): string {
  const plain = withoutZone(address);
  if (!ipaddr.isValid(plain)) return plain;
  const parsed = ipaddr.parse(plain);
  return parsed instanceof ipaddr.IPv6 ? parsed.toRFC5952String() : parsed.toString();
}

function withoutZone(address: string): string {
  return address.split('%')[0] ?? address;
}

function zoneOf(address: Address): string | undefined {
  return address instanceof ipaddr.IPv6 ? address.zoneId : undefined;
}
