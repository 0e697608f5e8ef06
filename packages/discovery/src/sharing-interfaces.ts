import type { NetworkInterfaceInfo } from 'node:os';
import ipaddr from 'ipaddr.js';
import { InvalidSharingNetworkError } from './errors.ts';
import { interfaceKind } from './interface-kind.ts';
import type { InterfaceKind, LinkFacts } from './interface-kind.ts';
import { prefixContains, prefixOf } from './prefixes.ts';

/** A network interface of this host, and whether we announce, ask and answer on it. */
export interface SharingInterface {
  readonly name: string;
  /** Those we share on, link-local ones with their zone; all of them where we don't share. */
  readonly addresses: readonly string[];
  /** The networks that these addresses are in: what counts as on-link. */
  readonly prefixes: readonly string[];
  readonly isSharing: boolean;
  /** Why or why not, in words for a person. */
  readonly reason: string;
}

export interface SharingOptions {
  /** Share on the interfaces of these names, of whatever kind, and on no others. */
  readonly interfaces?: readonly string[] | undefined;
  /** Share only in these networks, `10.0.0.0/8` or `fd00::/8`; all that qualify, unless given. */
  readonly networks?: readonly string[] | undefined;
  /** Share on 127.0.0.1, and elsewhere only by `interfaces`: for demonstrations and tests. */
  readonly loopback?: boolean | undefined;
}

/** What the operating system knows beyond names and addresses; empty where it does not tell. */
export interface HostFacts {
  readonly links: ReadonlyMap<string, LinkFacts>;
  readonly defaultRoutes: ReadonlySet<string>;
  /** Zones of link-local addresses are numbers (Windows) and not interface names. */
  readonly hasNumberedZones: boolean;
}

export type OsInterfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

interface Candidate {
  readonly name: string;
  readonly kind: InterfaceKind | 'loopback';
  readonly allAddresses: readonly ZonedAddress[];
  /** Those of `allAddresses` that may be shared on, if the interface may. */
  readonly eligible: readonly ZonedAddress[];
}

interface ZonedAddress {
  readonly address: string;
  readonly prefix: string;
  readonly range: string;
}

type Verdict = Pick<SharingInterface, 'isSharing' | 'reason'>;

/**
 * Decides where to share: by default on hardware Ethernet and Wi-Fi with a private (RFC 1918) or
 * unique local address, never on tunnels, container bridges and mobile networks; in a container or
 * network namespace, which has no hardware, on the interface with the default route or on the only
 * one there is.
 *
 * @throws {InvalidSharingNetworkError} when a configured network is none
 */
export function sharingInterfaces(
  osInterfaces: OsInterfaces,
  facts: HostFacts,
  options: SharingOptions = {},
): SharingInterface[] {
  for (const network of options.networks ?? []) {
    if (!ipaddr.isValidCIDR(network)) throw new InvalidSharingNetworkError(network);
  }
  const candidates = Object.entries(osInterfaces).map(([name, infos = []]) =>
    candidateOf(name, infos, facts, options),
  );
  const absent = (options.interfaces ?? []).filter((name) => !(name in osInterfaces));
  return [
    ...candidates.map((candidate) =>
      described(candidate, verdictOn(candidate, candidates, facts, options)),
    ),
    ...absent.map((name) => ({ name, addresses: [], prefixes: [], ...no('not there, or down') })),
  ];
}

/** The sharing interface that an address is on-link on, or undefined: then it isn't answered. */
export function sharingInterfaceOf(
  interfaces: readonly SharingInterface[],
  address: string,
): SharingInterface | undefined {
  return interfaces.find(
    ({ isSharing, prefixes }) =>
      isSharing && prefixes.some((prefix) => prefixContains(prefix, address)),
  );
}

function candidateOf(
  name: string,
  infos: readonly NetworkInterfaceInfo[],
  facts: HostFacts,
  options: SharingOptions,
): Candidate {
  const allAddresses = infos.map((info) => zonedAddress(name, info, facts.hasNumberedZones));
  const isLoopback = infos.some(({ internal }) => internal);
  const isNamed = options.interfaces?.includes(name) ?? false;
  return {
    name,
    kind: isLoopback ? 'loopback' : interfaceKind(name, linksSeenBy(name, infos, facts)),
    allAddresses,
    eligible: isLoopback
      ? allAddresses.filter(({ address }) => address === '127.0.0.1')
      : eligibleAddresses(allAddresses, isNamed, options.networks),
  };
}

/**
 * In a network namespace `/sys` may still show the interfaces of the parent. What it tells about
 * an interface with another MAC address is about another interface, so it is as good as unknown.
 */
function linksSeenBy(
  name: string,
  infos: readonly NetworkInterfaceInfo[],
  { links }: HostFacts,
): ReadonlyMap<string, LinkFacts> {
  const isSame = infos.every(({ mac }) => mac === links.get(name)?.mac);
  return isSame ? links : new Map();
}

function zonedAddress(
  name: string,
  { address, cidr, family, scopeid }: NetworkInterfaceInfo,
  hasNumberedZones: boolean,
): ZonedAddress {
  const range = ipaddr.parse(address).range();
  const zone = hasNumberedZones ? scopeid : name;
  const zoned = family === 'IPv6' && range === 'linkLocal' ? `${address}%${zone}` : address;
  const length = Number(cidr?.split('/')[1] ?? (family === 'IPv6' ? 128 : 32));
  return { address: zoned, prefix: prefixOf(zoned, length), range };
}

/**
 * Private addresses; public ones only on an interface that was named and has no private one.
 * A link-local IPv6 address says nothing about the network, so it only comes along with another.
 */
function eligibleAddresses(
  all: readonly ZonedAddress[],
  isNamed: boolean,
  networks: readonly string[] = [],
): ZonedAddress[] {
  const globals = all.filter(({ range }) => range !== 'linkLocal');
  const privates = globals.filter(({ range }) => range === 'private' || range === 'uniqueLocal');
  const chosen = isNamed && privates.length === 0 ? globals : privates;
  const inNetworks = chosen.filter(
    ({ address }) =>
      networks.length === 0 || networks.some((network) => prefixContains(network, address)),
  );
  if (inNetworks.length === 0) return [];
  const linkLocal = all.filter(
    ({ range, address }) => range === 'linkLocal' && address.includes('%'),
  );
  return [...inNetworks, ...linkLocal];
}

function verdictOn(
  candidate: Candidate,
  all: readonly Candidate[],
  facts: HostFacts,
  options: SharingOptions,
): Verdict {
  const { name, kind, eligible } = candidate;
  const isNamed = options.interfaces?.includes(name) ?? false;
  if (kind === 'loopback') {
    if (!options.loopback && !isNamed) return no('loopback');
    return eligible.length > 0 ? yes('loopback, as asked for') : no('no 127.0.0.1');
  }
  if (!isNamed && options.interfaces !== undefined) return no('not named in the configuration');
  if (!isNamed && options.loopback) return no('only loopback was asked for');
  if (!isNamed && kind === 'tunnel') return no('a tunnel');
  if (!isNamed && kind === 'mobile') return no('a mobile network');
  if (!isNamed && kind === 'container-bridge') {
    return no('a bridge of containers or virtual machines');
  }
  if (eligible.length === 0) {
    return no(options.networks ? 'no address in the configured networks' : 'no private address');
  }
  if (isNamed) return yes('named in the configuration');
  return kind === 'virtual' ? verdictOnVirtual(name, all, facts) : yes('private address');
}

/** An Ethernet interface without hardware is the way out of a container, or none of our business. */
function verdictOnVirtual(name: string, all: readonly Candidate[], facts: HostFacts): Verdict {
  const hasHardware =
    all.some(({ kind }) => kind === 'hardware' || kind === 'plain') ||
    [...facts.links.keys()].some((link) => interfaceKind(link, facts.links) === 'hardware');
  if (hasHardware) return no('a virtual interface');
  if (facts.defaultRoutes.has(name)) return yes('private address, default route of this container');
  const virtual = all.filter(({ kind, eligible }) => kind === 'virtual' && eligible.length > 0);
  return facts.defaultRoutes.size === 0 && virtual.length === 1
    ? yes('private address, only interface of this container')
    : no('a virtual interface without the default route');
}

function described(candidate: Candidate, verdict: Verdict): SharingInterface {
  const { name, allAddresses, eligible } = candidate;
  const shown = verdict.isSharing ? eligible : allAddresses;
  return {
    name,
    addresses: shown.map(({ address }) => address),
    prefixes: [...new Set(shown.map(({ prefix }) => prefix))],
    ...verdict,
  };
}

function yes(reason: string): Verdict {
  return { isSharing: true, reason };
}

function no(reason: string): Verdict {
  return { isSharing: false, reason };
}
