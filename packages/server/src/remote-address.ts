import type { Socket } from 'node:net';
import { LOCAL_HOST } from '@peer-cache/protocol';
import ipaddr from 'ipaddr.js';

/** One end of a socket, as the socket itself names it. */
export interface SocketAddress {
  /** Canonical, without zone. */
  readonly host: string;
  readonly port: number;
}

/** Both ends of a connection. */
export interface SocketEnds {
  /** Where the caller can be called back, but for the port. */
  readonly remoteHost: string;
  /** What the caller's connections and bytes are counted under; undefined: this connection alone. */
  readonly hostName: string | undefined;
  /** Undefined for a Unix socket. */
  readonly local: SocketAddress | undefined;
}

/**
 * The ends of a connection over a Unix socket. Node does not tell which user is at the other end,
 * so each connection counts by itself.
 */
export const LOCAL_ENDS: SocketEnds = {
  remoteHost: LOCAL_HOST,
  hostName: undefined,
  local: undefined,
};

const HOST_HEADER = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):([1-9]\d{0,4})$/i;
/** What a home or an office gets from its provider: who has one address of it has them all. */
const IPV6_HOST_BITS = 64;

/** The ends of a connection over TCP; undefined when it is closed already. */
export function tcpEnds({
  remoteAddress,
  localAddress,
  localPort,
}: Socket): SocketEnds | undefined {
  if (remoteAddress === undefined || localAddress === undefined || localPort === undefined) {
    return undefined;
  }
  return {
    remoteHost: callableAddress(remoteAddress),
    hostName: hostNameOf(remoteAddress, localAddress),
    local: { host: canonicalAddress(localAddress), port: localPort },
  };
}

/** One spelling for every address: IPv4 that came mapped into IPv6 as IPv4; no zone. */
export function canonicalAddress(address: string): string {
  const [bare = ''] = address.split('%');
  return ipaddr.process(bare).toString();
}

/** Where a caller can be called back: its canonical address, with the zone where it needs one. */
export function callableAddress(address: string): string {
  const [, zone] = address.split('%');
  return zone === undefined ? canonicalAddress(address) : `${canonicalAddress(address)}%${zone}`;
}

/**
 * The name under which a caller's connections and bytes are counted: its address, or its /64 for
 * IPv6 from elsewhere. Neighbours on our own link all share one /64, so they count one by one.
 */
export function hostNameOf(remoteAddress: string, localAddress: string): string {
  const remote = ipaddr.process(canonicalAddress(remoteAddress));
  if (!(remote instanceof ipaddr.IPv6) || remote.range() === 'linkLocal') return remote.toString();
  const local = ipaddr.process(canonicalAddress(localAddress));
  if (local instanceof ipaddr.IPv6 && remote.match(local, IPV6_HOST_BITS)) return remote.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${remote.toString()}/${IPV6_HOST_BITS}`);
  return `${network.toString()}/${IPV6_HOST_BITS}`;
}

/**
 * Whether a Host header names exactly the socket's own address and port. A name never does, so a
 * web page whose name was rebound to this address gets nowhere (threat B2); no page reaches a Unix
 * socket at all.
 */
export function isOwnHost(header: string, local: SocketAddress | undefined): boolean {
  if (local === undefined) return header === LOCAL_HOST;
  const [, ipv6, ipv4, port] = HOST_HEADER.exec(header) ?? [];
  if (Number(port) !== local.port) return false;
  if (ipv6 !== undefined) return ipaddr.IPv6.isValid(ipv6) && canonicalAddress(ipv6) === local.host;
  return ipv4 === local.host;
}
