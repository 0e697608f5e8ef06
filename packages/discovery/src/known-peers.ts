import { isIPv4 } from 'node:net';
import type { PeerAddress } from './finder.ts';

const MOST_PEERS = 256;
/** Several agents share a host; a host with more is making them up. */
const MOST_PEERS_PER_HOST = 16;

/** An agent that made itself known on the LAN. */
export interface KnownPeer {
  /** The random name that it announces. */
  readonly name: string;
  readonly address: PeerAddress;
  /** Time since it was last heard of. */
  readonly heardMsAgo: number;
}

/** One announcement of an agent. */
export interface Heard {
  readonly address: PeerAddress;
  /** The interface it was heard on. */
  readonly interfaceName: string;
  readonly ttlMs: number;
}

interface Entry {
  readonly address: PeerAddress;
  readonly interfaceName: string;
  readonly heardAtMs: number;
  readonly expiresAtMs: number;
}

/** The agents that are about, each until its records expire. Bounded, whatever is announced. */
export class KnownPeers {
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    this.#expire();
    return this.#entries.size;
  }

  list(): KnownPeer[] {
    this.#expire();
    const nowMs = this.#now();
    return [...this.#entries].map(([name, { address, heardAtMs }]) => ({
      name,
      address,
      heardMsAgo: nowMs - heardAtMs,
    }));
  }

  /** Notes an agent. A new one is passed over when there is no room. */
  hear(name: string, { address, interfaceName, ttlMs }: Heard): void {
    const known = this.#entries.get(name);
    if (known === undefined && !this.#hasRoomFor(address.host)) return;
    // One agent is heard over IPv4 and IPv6; its IPv4 address needs no zone.
    const isBetter = known === undefined || isIPv4(address.host) || !isIPv4(known.address.host);
    this.#entries.set(name, {
      address: isBetter ? address : known.address,
      interfaceName,
      heardAtMs: this.#now(),
      expiresAtMs: this.#now() + ttlMs,
    });
  }

  /**
   * The names that need not be asked about on an interface: heard there, and within the first half
   * of their time to live. Agents of one network are none of the business of another.
   */
  freshNames(interfaceName: string): string[] {
    const nowMs = this.#now();
    const isFresh = (entry: Entry): boolean =>
      entry.interfaceName === interfaceName && nowMs - entry.heardAtMs < entry.expiresAtMs - nowMs;
    return [...this.#entries].flatMap(([name, entry]) => (isFresh(entry) ? [name] : []));
  }

  forget(name: string): void {
    this.#entries.delete(name);
  }

  #hasRoomFor(host: string): boolean {
    if (this.size >= MOST_PEERS) return false;
    const onHost = [...this.#entries.values()].filter(({ address }) => address.host === host);
    return onHost.length < MOST_PEERS_PER_HOST;
  }

  #expire(): void {
    const nowMs = this.#now();
    for (const [name, { expiresAtMs }] of this.#entries) {
      if (expiresAtMs <= nowMs) this.#entries.delete(name);
    }
  }
}
