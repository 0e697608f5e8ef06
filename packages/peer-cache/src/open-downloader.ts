import { openExchange } from '@peer-cache/agent';
import type { ExchangeOptions } from '@peer-cache/agent';
import { MIB, silentLog } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { Downloader } from '@peer-cache/download';
import { createMemoryBlockStore, openFileBlockStore } from '@peer-cache/store';
import type { BlockStore } from '@peer-cache/store';

export interface OpenDownloaderOptions {
  /** Where blocks are kept, over restarts too; in memory if there is none. */
  readonly storeFolder?: string;
  /** How much is kept: 256 MiB. */
  readonly storeLimitBytes?: number;
  /** With whom blocks are exchanged: on interfaces with a private address. */
  readonly sharing?: Partial<ExchangeOptions['sharing']>;
  /** Peers to ask wherever they are, `host:port` each. */
  readonly peers?: readonly string[];
  /** Origins (`https://host`) that have sidecars beside their contents. */
  readonly sidecarOrigins?: readonly string[];
  readonly log?: Log;
}

/** A downloader that takes what it can from machines nearby, and gives to them while it exists. */
export interface OpenDownloader extends AsyncDisposable {
  /** Fetches a content to a file, which appears under its name when it is whole. */
  get: Downloader['getFile'];
  /** A content as a stream of verified bytes in order. */
  stream: Downloader['stream'];
  /** Whoever gave something so far. */
  peers: Downloader['peers'];
}

const SHARING: ExchangeOptions['sharing'] = {
  isEnabled: true,
  interfaces: [],
  networks: [],
  loopback: false,
  port: 0,
};

/**
 * Opens a downloader made of the usual parts: a store, discovery on the local network, and a
 * server that gives to others what is here.
 *
 * @throws {StoreInUseError | StoreUnwritableError | StoreFullError} for the store's folder
 */
export async function openDownloader({
  storeFolder,
  storeLimitBytes = 256 * MIB,
  sharing = {},
  peers = [],
  sidecarOrigins = [],
  log = silentLog,
}: OpenDownloaderOptions = {}): Promise<OpenDownloader> {
  await using parts = new AsyncDisposableStack();
  const store = parts.use(await openStore(log, storeFolder, storeLimitBytes));
  const options = {
    sharing: { ...SHARING, ...sharing },
    peers,
    origins: { sidecars: sidecarOrigins },
  };
  const { downloader } = parts.use(await openExchange({ log, store }, options));
  const owned = parts.move();
  return {
    get: (url, path, getOptions) => downloader.getFile(url, path, getOptions),
    stream: (url, getOptions) => downloader.stream(url, getOptions),
    peers: () => downloader.peers(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function openStore(
  log: Log,
  folder: string | undefined,
  limitBytes: number,
): Promise<BlockStore> {
  if (folder === undefined) return createMemoryBlockStore({}, { limitBytes });
  return await openFileBlockStore({ log }, { folder, limitBytes });
}
