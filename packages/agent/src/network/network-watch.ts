import { EventEmitter } from 'node:events';
import { closeSync, openSync, readSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { KIB, SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import { ipv4Routes, ipv6Routes, isOnline, signatureOf } from './network-facts.ts';
import type { InterfaceAddress, NetworkFacts, Route } from './network-facts.ts';

/** Node can't be told of changes (it has no netlink), so it looks; a look costs 0.3 ms. */
const LOOK_EVERY_MS = SECOND_MS;
/** A router's table may have a million lines; what is in the first pages is enough to judge by. */
const MOST_TABLE_BYTES = 64 * KIB;

export interface NetworkWatchParts {
  readonly log: Log;
  /** The operating system's word; another in tests. Throws where it can't be had. */
  readonly readFacts?: (() => NetworkFacts) | undefined;
}

export interface NetworkWatchOptions {
  /** Time between two looks; 1 second. */
  readonly intervalMs?: number | undefined;
}

export interface NetworkEvents {
  'network-changed': [{ readonly isOnline: boolean }];
}

/** Follows whether this machine can reach others, without asking any of them. */
export class NetworkWatch extends EventEmitter<NetworkEvents> implements Disposable {
  readonly #log: Log;
  readonly #readFacts: () => NetworkFacts;
  readonly #timer: NodeJS.Timeout;
  #signature: string | undefined;
  #isOnline = true;
  #isBlind = false;

  constructor(
    { log, readFacts = readNetworkFacts }: NetworkWatchParts,
    { intervalMs = LOOK_EVERY_MS }: NetworkWatchOptions,
  ) {
    super();
    this.#log = log;
    this.#readFacts = readFacts;
    this.#look();
    this.#timer = setInterval(() => this.#look(), intervalMs).unref();
  }

  /** True also where the system does not tell: then whoever tries finds out. */
  get isOnline(): boolean {
    return this.#isOnline;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.removeAllListeners();
  }

  #look(): void {
    const facts = this.#facts();
    if (facts === undefined) return;
    const signature = signatureOf(facts);
    if (signature === this.#signature) return;
    const isFirst = this.#signature === undefined;
    this.#signature = signature;
    this.#isOnline = isOnline(facts);
    if (isFirst) return;
    this.#log.info({ isOnline: this.#isOnline }, 'network changed');
    this.emit('network-changed', { isOnline: this.#isOnline });
  }

  #facts(): NetworkFacts | undefined {
    try {
      const facts = this.#readFacts();
      this.#isBlind = false;
      return facts;
    } catch (error) {
      // A sandbox without netlink sockets refuses each time; once is enough to know.
      if (!this.#isBlind) this.#log.warn({ err: error }, 'could not look at the network');
      this.#isBlind = true;
      return undefined;
    }
  }
}

/** Watches whether this machine is on a network; the result knows it from the start. */
export function watchNetwork(
  parts: NetworkWatchParts,
  options: NetworkWatchOptions = {},
): NetworkWatch {
  return new NetworkWatch(parts, options);
}

/** What this machine tells at this moment. */
export function readNetworkFacts(): NetworkFacts {
  return { addresses: readAddresses(), routes: readRoutes() };
}

/** Of interfaces that are up and running: libuv leaves out those without a carrier. */
function readAddresses(): InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([interfaceName, addresses = []]) =>
    addresses.map(({ address, family, internal }) => ({
      interfaceName,
      address,
      family: family === 'IPv4' ? 4 : 6,
      isLoopback: internal,
    })),
  );
}

function readRoutes(): Route[] | undefined {
  const ipv4 = readTable('/proc/self/net/route');
  const ipv6 = readTable('/proc/self/net/ipv6_route');
  if (ipv4 === undefined && ipv6 === undefined) return undefined;
  return [...ipv4Routes(ipv4 ?? ''), ...ipv6Routes(ipv6 ?? '')];
}

/** The whole lines of a table's beginning; undefined where there is none. */
function readTable(path: string): string | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      return readBeginning(file);
    } finally {
      closeSync(file);
    }
  } catch {
    // Another system than Linux, or one without this protocol.
    return undefined;
  }
}

function readBeginning(file: number): string {
  const bytes = Buffer.allocUnsafe(MOST_TABLE_BYTES);
  let size = 0;
  for (;;) {
    const count = readSync(file, bytes, size, bytes.length - size, null);
    size += count;
    if (count === 0 || size === bytes.length) break;
  }
  const text = bytes.toString('latin1', 0, size);
  return text.slice(0, text.lastIndexOf('\n') + 1);
}
