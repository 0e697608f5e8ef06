import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { performance } from 'node:perf_hooks';
import { MINUTE_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import { InvalidPeerAddressError } from './errors.ts';
import type { Finder, FoundPeer, PeerAddress, SegmentLookup } from './finder.ts';
import { FoundQueue } from './found-queue.ts';

/** A name is resolved again when it is asked for after this; peers behind a name do move. */
const RESOLVE_AGAIN_MS = MINUTE_MS;

export interface FixedFinderParts {
  readonly log: Log;
  /** All addresses of a name; the operating system's resolver. */
  readonly resolve?: ((name: string) => Promise<readonly string[]>) | undefined;
  readonly now?: (() => number) | undefined;
}

export interface FixedFinderOptions {
  /** `host:port` each, where host is a name, an IPv4 address or an IPv6 one in brackets. */
  readonly peers: readonly string[];
}

interface NamedPeer {
  readonly host: string;
  readonly port: number;
  /** Of the last time that the name could be resolved. */
  addresses: readonly string[];
  resolvedAtMs: number;
}

/** Peers and hosted caches named in the configuration. What they have is not known. */
export class FixedFinder implements Finder {
  readonly name = 'fixed';
  readonly #log: Log;
  readonly #resolve: (name: string) => Promise<readonly string[]>;
  readonly #now: () => number;
  readonly #peers: readonly NamedPeer[];
  readonly #stop = new AbortController();

  constructor(
    { log, resolve = resolveName, now = () => performance.now() }: FixedFinderParts,
    peers: readonly PeerAddress[],
  ) {
    this.#log = log;
    this.#resolve = resolve;
    this.#now = now;
    this.#peers = peers.map(({ host, port }) => ({
      host,
      port,
      addresses: [],
      resolvedAtMs: Number.NEGATIVE_INFINITY,
    }));
  }

  /** Yields every configured peer, as its name is resolved. */
  async *find(
    lookups: readonly SegmentLookup[],
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<FoundPeer, void, void> {
    const ended = AbortSignal.any([signal, this.#stop.signal]);
    if (lookups.length === 0 || ended.aborted) return;
    const found = new FoundQueue<FoundPeer>();
    const close = (): void => found.close();
    ended.addEventListener('abort', close, { once: true });
    // #find doesn't throw; a name server may answer long after the signal, then nobody reads it.
    void Promise.all(this.#peers.map((peer) => this.#find(peer, found))).then(close);
    try {
      for await (const peer of found) {
        if (ended.aborted) return;
        yield peer;
      }
    } finally {
      ended.removeEventListener('abort', close);
    }
  }

  /** Those whose addresses are known; names are resolved by a search only. */
  neighbours(): readonly PeerAddress[] {
    return this.#peers.flatMap(({ host, port, addresses }) => {
      const known = isIP(host) === 0 ? addresses : [host];
      return known.map((address) => ({ host: address, port }));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
  }

  async #find(peer: NamedPeer, found: FoundQueue<FoundPeer>): Promise<void> {
    for (const host of await this.#addressesOf(peer)) {
      found.push({ address: { host, port: peer.port }, holds: undefined });
    }
  }

  async #addressesOf(peer: NamedPeer): Promise<readonly string[]> {
    if (isIP(peer.host) !== 0) return [peer.host];
    if (this.#now() - peer.resolvedAtMs < RESOLVE_AGAIN_MS) return peer.addresses;
    try {
      peer.addresses = await this.#resolve(peer.host);
      peer.resolvedAtMs = this.#now();
    } catch (error) {
      // What it was before is the best guess while the name server is away.
      this.#log.warn({ err: error, host: peer.host }, 'peer name not resolved');
    }
    return peer.addresses;
  }
}

/**
 * Peers named by hand.
 *
 * @throws {InvalidPeerAddressError} when one is not of the form `host:port`
 */
export async function openFixedFinder(
  parts: FixedFinderParts,
  { peers }: FixedFinderOptions,
): Promise<FixedFinder> {
  return new FixedFinder(parts, peers.map(parsePeer));
}

function parsePeer(peer: string): PeerAddress {
  const [, bracketed, plain = '', digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(peer) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  const isHost = bracketed === undefined ? isHostName(plain) : isIP(bracketed) === 6;
  if (!isHost || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new InvalidPeerAddressError(peer);
  }
  return { host, port };
}

/** A name or IPv4 address; what looks like an address but is none is no name either. */
function isHostName(host: string): boolean {
  if (/^[\d.]+$/.test(host)) return isIP(host) === 4;
  return /^[a-z\d_]([a-z\d_-]*[a-z\d])?(\.[a-z\d_]([a-z\d_-]*[a-z\d])?)*\.?$/i.test(host);
}

async function resolveName(name: string): Promise<string[]> {
  const addresses = await lookup(name, { all: true });
  return addresses.map(({ address }) => address);
}
