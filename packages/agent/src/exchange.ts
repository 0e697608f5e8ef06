import { Limits, NO_LIMITS, Pace } from '@peer-cache/bandwidth';
import type { Log } from '@peer-cache/core';
import {
  mergeFinders,
  openFixedFinder,
  openLinkNotices,
  openMdnsFinder,
  sharingInterfaceOf,
  watchSharingInterfaces,
} from '@peer-cache/discovery';
import type { Finder, LinkNotices, MdnsFinder, SharingWatcher } from '@peer-cache/discovery';
import { Downloader } from '@peer-cache/download';
import { SYSTEM_CLOCK } from '@peer-cache/jobs';
import { Board } from '@peer-cache/ownership';
import { MOST_NOTICE_BYTES, PeerIdentity } from '@peer-cache/protocol';
import type { PeerStatus, SharingStatus } from '@peer-cache/protocol';
import { startServer } from '@peer-cache/server';
import type { PeerServer } from '@peer-cache/server';
import type { BlockStore } from '@peer-cache/store';
import type { Config } from './config/config.ts';
import { peerStatuses } from './peer-statuses.ts';
import { listenAtOnePort } from './serve-port.ts';

/** UDP, of the same number as the TCP port that is tried first; several agents can listen at it. */
const NOTICE_PORT = 7690;

export interface ExchangeParts {
  readonly log: Log;
  readonly store: BlockStore;
  /** What peers know this agent by; one made for the occasion where none is given. */
  readonly identity?: PeerIdentity;
  /** The machine's agent, which shares on the LAN in place of this one; the result owns it. */
  readonly machine?: Finder | undefined;
}

export type ExchangeOptions = Pick<Config, 'sharing' | 'peers' | 'origins'> &
  Partial<Pick<Config, 'limits'>>;

/** What joins a store with peers and origins: it finds, serves and fetches while it exists. */
export interface Exchange extends AsyncDisposable {
  readonly downloader: Downloader;
  /** Whom it asks for peers. */
  readonly finder: Finder;
  /** What its downloads tell its servers. */
  readonly board: Board;
  /** To all agents of the links that it shares on, and theirs. */
  readonly notices: LinkNotices | undefined;
  /** From now on other limits hold between this agent and its peers. */
  reconfigure(options: Pick<Config, 'limits'>): void;
  interfaces(): SharingStatus[];
  /** Address and port each. */
  servedAt(): string[];
  servedBytes(): number;
  /**
   * Gives blocks to peers, or none and says nothing to them: they call in vain, which they learn at
   * once, and wait for nothing of ours. Blocks of theirs are fetched either way.
   */
  setServing(isServing: boolean): void;
  /** How much of what is usual may be under way to peers at once, from 0 to 1; never nothing. */
  setServingShare(share: number): void;
  peers(): PeerStatus[];
}

/** What there is only where something is shared. */
interface Lan {
  readonly watcher: SharingWatcher;
  readonly server: PeerServer;
  readonly mdns: MdnsFinder;
  readonly notices: LinkNotices | undefined;
  readonly servePort: number;
  setServing(isServing: boolean): void;
}

/**
 * Starts to serve what the store holds, to be found, to find others, and to fetch from them.
 *
 * @throws {InvalidSharingNetworkError | InvalidPeerAddressError} for a wrong option
 */
export async function openExchange(
  parts: ExchangeParts,
  { sharing, peers, origins, limits = NO_LIMITS }: ExchangeOptions,
): Promise<Exchange> {
  const { log, store, machine, identity = PeerIdentity.create() } = parts;
  const board = new Board();
  await using stack = new AsyncDisposableStack();
  const lanLimits = stack.use(new Limits('lan', SYSTEM_CLOCK, limits));
  const servingLimits = stack.use(new Limits('serving', SYSTEM_CLOCK, limits));
  const pace = new Pace(servingLimits);
  const finders: Finder[] = machine === undefined ? [] : [machine];
  const sharesItself = sharing.isEnabled && machine === undefined;
  const lan = sharesItself
    ? await openLan({ log, store, identity, board, pace }, sharing, stack)
    : undefined;
  if (lan !== undefined) finders.push(lan.mdns);
  if (sharing.isEnabled && peers.length > 0) {
    finders.push(await openFixedFinder({ log: partLog(log, 'discovery') }, { peers }));
  }
  const finder = stack.use(mergeFinders({ log: partLog(log, 'discovery'), finders }));
  const isServing = (): boolean => lan !== undefined && lan.server.addresses.length > 0;
  const downloader = stack.use(
    new Downloader(
      { store, finder, board, pace: new Pace(lanLimits), log: partLog(log, 'download') },
      {
        peerId: identity.peerId,
        mayCall: (host) => lan !== undefined && isOnLink(lan.watcher, host),
        servePort: () => (isServing() ? (lan?.servePort ?? 0) : 0),
        sidecarOrigins: origins.sidecars,
      },
    ),
  );
  const running = stack.move();
  return {
    downloader,
    finder,
    board,
    notices: lan?.notices,
    reconfigure(next) {
      lanLimits.reconfigure(next.limits);
      servingLimits.reconfigure(next.limits);
    },
    interfaces: () => lan?.watcher.current.map(sharingStatus) ?? [],
    servedAt: () => lan?.server.addresses.map(shownAddress) ?? [],
    servedBytes: () => lan?.server.counters().servedBytes ?? 0,
    setServing: (isWanted) => lan?.setServing(isWanted),
    setServingShare: (share) => lan?.server.allow(share),
    peers: () => peerStatuses(downloader.peers(), lan?.mdns.knownPeers() ?? []),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface LanParts extends Required<Pick<ExchangeParts, 'log' | 'store' | 'identity'>> {
  readonly board: Board;
  readonly pace: Pace;
}

async function openLan(
  { log, store, identity, board, pace }: LanParts,
  { interfaces, networks, loopback, port }: Config['sharing'],
  stack: AsyncDisposableStack,
): Promise<Lan> {
  const discoveryLog = partLog(log, 'discovery');
  const options = {
    // None named means those that the rules choose.
    interfaces: interfaces.length > 0 ? interfaces : undefined,
    networks: networks.length > 0 ? networks : undefined,
    loopback,
  };
  const watcher = stack.use(await watchSharingInterfaces({ log: discoveryLog }, options));
  const serverParts = { store, board, identity, pace, log: partLog(log, 'server') };
  const server = stack.use(await startServer(serverParts, { addresses: [] }));
  const servePort = await listenAtOnePort(server, sharingHosts(watcher), port);
  let isServing = true;
  const follow = (): void => {
    const hosts = isServing ? sharingHosts(watcher) : [];
    server
      .setAddresses(hosts.map((host) => ({ host, port: servePort })))
      .catch((error: unknown) => {
        log.error({ err: error }, 'could not follow a change of interfaces');
      });
  };
  watcher.on('interfaces-changed', follow);
  // What is only on its way counts, too.
  const proofKeyOf = (segmentId: Uint8Array): Uint8Array | undefined =>
    store.proofKeyOf(segmentId) ?? board.proofKeyOf(segmentId);
  const mdnsParts = { log: discoveryLog, holdings: { proofKeyOf }, interfaces: watcher };
  const mdns = await openMdnsFinder(mdnsParts, { servePort });
  const noticeOptions = { port: NOTICE_PORT, mostBytes: MOST_NOTICE_BYTES };
  const notices = await openLinkNotices({ log: discoveryLog, watcher }, noticeOptions);
  if (notices !== undefined) stack.use(notices);
  return {
    watcher,
    server,
    mdns,
    notices,
    servePort,
    setServing(isWanted) {
      if (isWanted === isServing) return;
      isServing = isWanted;
      mdns.setServing(isWanted);
      follow();
    },
  };
}

function sharingHosts({ current }: SharingWatcher): string[] {
  return current.filter(({ isSharing }) => isSharing).flatMap(({ addresses }) => addresses);
}

/** Whether an address that a peer told may be called: other agents are on our links, and nowhere else. */
function isOnLink({ current }: SharingWatcher, host: string): boolean {
  const found = sharingInterfaceOf(current, host);
  return found !== undefined && found.isSharing && !found.addresses.includes(host);
}

function sharingStatus({
  name,
  addresses,
  isSharing,
  reason,
}: SharingWatcher['current'][number]): SharingStatus {
  return { interfaceName: name, addresses, isSharing, reason };
}

function shownAddress({ host, port }: PeerServer['addresses'][number]): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A log that says which part speaks, where the log can make one. */
function partLog(log: Log, part: string): Log {
  return 'child' in log && typeof log.child === 'function' ? log.child({ part }) : log;
}
