/** What an operating system tells of its network, as far as it tells whether anybody can be reached. */
export interface NetworkFacts {
  /** Of every interface that is up and has a carrier. */
  readonly addresses: readonly InterfaceAddress[];
  /** Absent where the system does not tell: then an address is enough. */
  readonly routes: readonly Route[] | undefined;
}

export interface InterfaceAddress {
  readonly interfaceName: string;
  readonly family: 4 | 6;
  readonly address: string;
  readonly isLoopback: boolean;
}

/** A way to somewhere beyond this machine. */
export interface Route {
  readonly interfaceName: string;
  readonly family: 4 | 6;
  readonly isDefault: boolean;
  /** As the system writes it; all zeros for what is on the link itself. */
  readonly gateway: string;
  /** Of several ways to the same place, the one with the least is taken. */
  readonly metric: number;
}

/** Flags of the kernel's `route.h` and `ipv6_route.h`: no such route; an address of this machine. */
const REJECT_FLAG = 0x0200;
const LOCAL_FLAG = 0x8000_0000;
/** Link-local and multicast destinations, which every IPv6 interface has. */
const LINK_ONLY = /^(?:fe[89ab]|ff)/;
const LINK_LOCAL_ADDRESS = /^(?:fe[89ab]|169\.254\.)/i;

/**
 * Whether anybody beyond this machine can be reached: some interface other than loopback has an
 * address and a route of the same family. A link-local address counts only with a default route,
 * since it comes by itself to every interface, one with nobody on it included.
 */
export function isOnline(facts: NetworkFacts): boolean {
  return ways(facts).length > 0;
}

/**
 * A text that changes when what failed may work now: another address or another way out. Interfaces
 * without a way out are not in it, so that containers which come and go change nothing.
 */
export function signatureOf(facts: NetworkFacts): string {
  return [...new Set(ways(facts))].toSorted().join('\n');
}

/**
 * The interfaces that traffic to the rest of the world leaves by: those of the default routes, IPv4
 * before IPv6. Where the system does not tell its routes, all that have an address for it.
 */
export function outgoingInterfaces({ addresses, routes }: NetworkFacts): string[] {
  if (routes === undefined) {
    const usable = addresses.filter(
      ({ address, isLoopback }) => !isLoopback && !LINK_LOCAL_ADDRESS.test(address),
    );
    return [...new Set(usable.map(({ interfaceName }) => interfaceName))];
  }
  const best = ([4, 6] as const).flatMap((family) => {
    const ofFamily = routes.filter((route) => route.isDefault && route.family === family);
    return ofFamily.toSorted((a, b) => a.metric - b.metric).slice(0, 1);
  });
  return [...new Set(best.map(({ interfaceName }) => interfaceName))];
}

/** The routes of `/proc/net/route`. Columns in hexadecimal: see its heading. */
export function ipv4Routes(table: string): Route[] {
  return rows(table)
    .slice(1)
    .flatMap(([interfaceName = '', destination, gateway = '', flags, , , metric, mask]) => {
      const isUsable = isSet(flags, REJECT_FLAG) === false && interfaceName !== 'lo';
      const isDefault = destination === '00000000' && mask === '00000000';
      const way = { interfaceName, family: 4 as const, isDefault, gateway };
      return isUsable ? [{ ...way, metric: Number(metric) }] : [];
    });
}

/**
 * The routes of `/proc/net/ipv6_route`: destination, length, ..., next hop, metric, ..., flags,
 * interface.
 */
export function ipv6Routes(table: string): Route[] {
  return rows(table).flatMap((row) => {
    const [destination = '', length, , , gateway = '', metric = ''] = row;
    const [flags, interfaceName = ''] = row.slice(8);
    const isUsable = isSet(flags, REJECT_FLAG) === false && isSet(flags, LOCAL_FLAG) === false;
    const leadsOut = interfaceName !== 'lo' && !(LINK_ONLY.test(destination) && length !== '00');
    const isDefault = length === '00';
    const way = { interfaceName, family: 6 as const, isDefault, gateway };
    return isUsable && leadsOut ? [{ ...way, metric: Number.parseInt(metric, 16) }] : [];
  });
}

function ways({ addresses, routes }: NetworkFacts): string[] {
  return addresses
    .filter(({ isLoopback }) => !isLoopback)
    .flatMap((own): string[] => {
      const isLinkLocal = LINK_LOCAL_ADDRESS.test(own.address);
      const place = `${own.interfaceName} ${own.address}`;
      if (routes === undefined) return isLinkLocal ? [] : [place];
      return routes
        .filter(({ interfaceName, family }) => {
          return interfaceName === own.interfaceName && family === own.family;
        })
        .filter(({ isDefault }) => isDefault || !isLinkLocal)
        .map(({ isDefault, gateway, metric }) => {
          // Of two ways to everywhere, another may have become the one that is taken.
          return `${place} ${isDefault ? `default ${metric}` : 'link'} ${gateway}`;
        });
    });
}

/** Undefined for a column that is no number. */
function isSet(column: string | undefined, flag: number): boolean | undefined {
  const bits = Number.parseInt(column ?? '', 16);
  // Not `&`, whose 32nd bit is the sign.
  return Number.isNaN(bits) ? undefined : Math.floor(bits / flag) % 2 === 1;
}

function rows(table: string): string[][] {
  const lines = table.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '').map((line) => line.split(/\s+/));
}
