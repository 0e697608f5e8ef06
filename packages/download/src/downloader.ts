import { randomBytes } from 'node:crypto';
import { SECOND_MS, silentLog } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { Finder } from '@peer-cache/discovery';
import { Board } from '@peer-cache/ownership';
import type { BlockStore } from '@peer-cache/store';
import { OriginHttp, shownUrl } from '@peer-cache/transport';
import { describePatiently, fetchContent } from './content-fetch.ts';
import type { DescribedContent, PlainContent } from './describe.ts';
import type { FetchedContent, FetchOptions, FetchParts, GetOptions } from './fetch-options.ts';
import type { FetchPace } from './limited.ts';
import { Lookups } from './peers/lookups.ts';
import { PeerPool } from './peers/peer-pool.ts';
import type { Peer } from './peers/peer-pool.ts';
import { openFileSink } from './sinks/file-sink.ts';
import type { ContentSink } from './sinks/sink.ts';
import { StreamSink } from './sinks/stream-sink.ts';

/** Long enough for every answer of a full branch (RFC 6762 jitter included), short enough to wait for. */
const DISCOVERY_WAIT_MS = 0.5 * SECOND_MS;

export interface DownloaderParts {
  readonly store: BlockStore;
  readonly finder: Finder;
  /** Where the server of this agent reads what is being fetched; nobody does, if not given. */
  readonly board?: Board;
  /** What blocks of peers on other machines wait for; nothing, if not given. */
  readonly pace?: FetchPace | undefined;
  readonly log?: Log;
}

export interface DownloaderOptions {
  /** Where our own server can be reached on the address we call from; 0 if it can't. */
  readonly servePort?: () => number;
  /** Our own peer ID, as our server proves it; one made up where we do not serve. */
  readonly peerId?: string;
  /** Whether an address that a peer told may be called: none, if not given. */
  readonly mayCall?: (host: string) => boolean;
  /** Origins (`https://host`) that have sidecars beside their contents. */
  readonly sidecarOrigins?: readonly string[];
  /** Half a second: how long the origin is left alone while peers may still answer. */
  readonly discoveryWaitMs?: number;
  /** Lets public origins lead into private networks. */
  readonly allowPrivateTargets?: boolean;
  readonly userAgent?: string;
}

/** Fetches contents: from the store, else from peers, else from the origin. */
export class Downloader implements AsyncDisposable {
  readonly #parts: FetchParts;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(
    { store, finder, board = new Board(), pace, log = silentLog }: DownloaderParts,
    options: DownloaderOptions = {},
  ) {
    const { sidecarOrigins = [], discoveryWaitMs = DISCOVERY_WAIT_MS } = options;
    const http = new OriginHttp(options);
    const { servePort = () => 0, mayCall = () => false } = options;
    const selfId = options.peerId ?? randomBytes(16).toString('hex');
    const pool = new PeerPool({ servePort, selfId, pace });
    const lookups = new Lookups(finder, () => performance.now());
    const sharing = { lookups, board, selfId, isServing: () => servePort() !== 0, mayCall };
    this.#parts = { store, log, http, pool, sidecarOrigins, discoveryWaitMs, ...sharing };
  }

  /** Every peer that was met, with what it gave. */
  peers(): Peer[] {
    return this.#parts.pool.peers();
  }

  /** What the origin says of a content. A plain one's open response is the caller's to destroy. */
  async describe(url: string, options: GetOptions = {}): Promise<DescribedContent | PlainContent> {
    const signal = this.#signal(options);
    return await describePatiently(this.#parts, url, { ...options, signal });
  }

  /**
   * Fetches a content to a file, which appears under its name only when it is whole.
   *
   * @throws {PeerCacheError} of the origin or of the file; see `docs/errors.md`
   */
  async getFile(
    url: string,
    path: string,
    { overwrite = false, ...options }: GetOptions & { readonly overwrite?: boolean } = {},
  ): Promise<FetchedContent> {
    return await this.#track(async () => {
      const signal = this.#signal(options);
      await using sink = await openFileSink(path, { overwrite });
      const content = await fetchContent(this.#parts, { url, sink }, { ...options, signal });
      signal.throwIfAborted();
      await sink.commit();
      return content;
    });
  }

  /**
   * Fetches a content, or some of it, to a sink of the caller's. Whatever the end, nothing is
   * written after it.
   *
   * @throws {PeerCacheError} of the origin or of the sink; {@link TransferLeftError} after `leave`,
   * {@link RangeOutsideError} for bytes that the content does not have
   */
  async fetch(url: string, sink: ContentSink, options: FetchOptions = {}): Promise<FetchedContent> {
    const signal = this.#signal(options);
    return await this.#track(() =>
      fetchContent(this.#parts, { url, sink }, { ...options, signal }),
    );
  }

  /** A content as a stream of verified bytes in order; its errors come out of the stream. */
  stream(url: string, options: GetOptions = {}): ReadableStream<Uint8Array> {
    const leave = new AbortController();
    const signal = AbortSignal.any([this.#signal(options), leave.signal]);
    const sink = new StreamSink(shownUrl(url), () => leave.abort());
    void this.#track(async () => {
      try {
        await fetchContent(this.#parts, { url, sink }, { ...options, signal });
        await sink.end({ signal });
      } catch (error) {
        sink.fail(error);
      }
    });
    return sink.body;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the downloader was closed'));
    await Promise.allSettled(this.#running);
    await this.#parts.pool[Symbol.asyncDispose]();
    await this.#parts.http[Symbol.asyncDispose]();
  }

  #signal({ signal }: GetOptions): AbortSignal {
    return signal === undefined ? this.#stop.signal : AbortSignal.any([this.#stop.signal, signal]);
  }

  async #track<T>(task: () => Promise<T>): Promise<T> {
    const running = task().finally(() => this.#running.delete(running));
    this.#running.add(running);
    return await running;
  }
}
