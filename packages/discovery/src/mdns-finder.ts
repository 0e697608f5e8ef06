import { performance } from 'node:perf_hooks';
import type { Log } from '@peer-cache/core';
import { LEAST_PORT } from '@peer-cache/protocol';
import type { Finder, FoundPeer, Holdings, PeerAddress, SegmentLookup } from './finder.ts';
import { KnownPeers } from './known-peers.ts';
import type { KnownPeer } from './known-peers.ts';
import { LookupAsker } from './lookup-asker.ts';
import { LookupResponder } from './lookup-responder.ts';
import { openMdnsLinks } from './mdns-links.ts';
import { MdnsPresence } from './mdns-presence.ts';
import type { PresenceParts } from './mdns-presence.ts';
import type { SharingWatcher } from './sharing-watcher.ts';

export interface MdnsFinderParts {
  readonly log: Log;
  /** What others may be told that we have. */
  readonly holdings: Holdings;
  readonly interfaces: SharingWatcher;
  /** Milliseconds that never go back; this process's clock. */
  readonly now?: (() => number) | undefined;
  /** At least 0, less than 1: spreads packets in time. */
  readonly random?: (() => number) | undefined;
}

export interface MdnsFinderOptions {
  /** Where this agent serves on its sharing addresses. Without it, it only asks. */
  readonly servePort?: number | undefined;
}

/** What is said and heard on the links. */
interface Conversations {
  readonly asker: LookupAsker;
  readonly knownPeers: KnownPeers;
  /** Of an agent that serves. */
  readonly presence: MdnsPresence | undefined;
}

/** Finds peers on the local network by multicast, and lets itself be found if it serves. */
export class MdnsFinder implements Finder {
  readonly name = 'mdns';
  readonly #asker: LookupAsker;
  readonly #knownPeers: KnownPeers;
  readonly #presence: MdnsPresence | undefined;
  readonly #parts: AsyncDisposableStack;
  readonly #stop = new AbortController();

  constructor({ asker, knownPeers, presence }: Conversations, parts: AsyncDisposableStack) {
    this.#asker = asker;
    this.#knownPeers = knownPeers;
    this.#presence = presence;
    this.#parts = parts;
  }

  find(
    lookups: readonly SegmentLookup[],
    { signal }: { signal: AbortSignal },
  ): AsyncIterable<FoundPeer> {
    return this.#asker.find(lookups, { signal: AbortSignal.any([signal, this.#stop.signal]) });
  }

  neighbours(): readonly PeerAddress[] {
    return this.knownPeers().map(({ address }) => address);
  }

  /** The agents that made themselves known; only an agent that serves listens for them. */
  knownPeers(): KnownPeer[] {
    return this.#knownPeers.list();
  }

  /** While it does not serve, it is not known to others and has nothing, and finds all the same. */
  setServing(isServing: boolean): void {
    this.#presence?.setSilent(!isServing);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#parts.disposeAsync();
  }
}

/**
 * Opens discovery on the sharing interfaces, now and as they come and go. A network that is down
 * is no error: nothing is found until it is up.
 */
export async function openMdnsFinder(
  {
    log,
    holdings,
    interfaces,
    now = () => performance.now(),
    random = Math.random,
  }: MdnsFinderParts,
  { servePort = 0 }: MdnsFinderOptions = {},
): Promise<MdnsFinder> {
  if (
    !Number.isInteger(servePort) ||
    servePort > 65_535 ||
    (servePort !== 0 && servePort < LEAST_PORT)
  ) {
    throw new RangeError(`servePort must be 0 or ${LEAST_PORT} to 65535, got ${servePort}`);
  }
  const speaks = servePort !== 0;
  await using parts = new AsyncDisposableStack();
  const knownPeers = new KnownPeers(now);
  const links = parts.use(await openMdnsLinks({ log, interfaces }, { speaks }));
  const isOwn = (host: string, port: number): boolean =>
    port === servePort && interfaces.current.some(({ addresses }) => addresses.includes(host));
  const asker = new LookupAsker({ links: () => links.links, now, isOwn });
  links.on('answer-heard', (heard) => asker.hear(heard));
  const presence = speaks
    ? openSpeech({ log, holdings, interfaces, links, knownPeers, now, random }, servePort, parts)
    : undefined;
  return new MdnsFinder({ asker, knownPeers, presence }, parts.move());
}

/** Lets itself be found, and notes who else does. */
function openSpeech(
  { holdings, ...shared }: PresenceParts & { readonly holdings: Holdings },
  servePort: number,
  parts: AsyncDisposableStack,
): MdnsPresence {
  const { links, knownPeers, now, random } = shared;
  const held: Holdings = {
    proofKeyOf: (segmentId) => (presence.isSilent ? undefined : holdings.proofKeyOf(segmentId)),
  };
  const responder = parts.use(
    new LookupResponder({ holdings: held, knownPeers, now, random }, servePort),
  );
  const presence = parts.use(new MdnsPresence(shared, servePort));
  links.on('packet-heard', (heard) => {
    responder.hear(heard);
    presence.hear(heard);
  });
  return presence;
}
