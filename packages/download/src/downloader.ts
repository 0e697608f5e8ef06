import {
  BlockHashListMismatchError,
  BlockMismatchError,
  SECOND_MS,
  silentLog,
} from '@peer-cache/core';
import type { Digest, Log } from '@peer-cache/core';
import type { Finder } from '@peer-cache/discovery';
import type { BlockStore } from '@peer-cache/store';
import { Content } from './content.ts';
import { ContentTransfer } from './content-transfer.ts';
import { describe, describePlainly } from './describe.ts';
import type { DescribedContent, PlainContent } from './describe.ts';
import { OriginKeepsChangingError, StaleContentInformationError } from './errors.ts';
import { openFileSink } from './file-sink.ts';
import { OriginHttp } from './origin-http.ts';
import { shownUrl } from './shown-url.ts';
import { contentOrigin } from './origin-source.ts';
import { PeerPool } from './peer-pool.ts';
import type { Peer } from './peer-pool.ts';
import { transferPlainly } from './plain-transfer.ts';
import { Progress } from './progress.ts';
import { retrying } from './retrying.ts';
import type { ContentSink } from './sink.ts';
import { StreamSink } from './stream-sink.ts';
import { Swarm } from './swarm.ts';

/** Long enough for every answer of a full branch (RFC 6762 jitter included), short enough to wait for. */
const DISCOVERY_WAIT_MS = 0.5 * SECOND_MS;
const MOST_RESTARTS = 3;

export interface DownloaderParts {
  readonly store: BlockStore;
  readonly finder: Finder;
  readonly log?: Log;
}

export interface DownloaderOptions {
  /** Where our own server can be reached on the address we call from; 0 if it can't. */
  readonly servePort?: () => number;
  /** Origins (`https://host`) that have sidecars beside their contents. */
  readonly sidecarOrigins?: readonly string[];
  /** Half a second: how long the origin is left alone while peers may still answer. */
  readonly discoveryWaitMs?: number;
  /** Lets public origins lead into private networks. */
  readonly allowPrivateTargets?: boolean;
  readonly userAgent?: string;
}

export interface GetOptions {
  readonly signal?: AbortSignal;
  /** Where to count and tell; one of its own otherwise. */
  readonly progress?: Progress;
  /** Sent to the origin. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FetchedContent {
  readonly sizeBytes: number;
  /** BLAKE3 of the content as its content information says it; undefined for a plain origin. */
  readonly digest: Digest | undefined;
}

/** Fetches contents: from the store, else from peers, else from the origin. */
export class Downloader implements AsyncDisposable {
  readonly #parts: Required<DownloaderParts>;
  readonly #options: DownloaderOptions;
  readonly #http: OriginHttp;
  readonly #pool: PeerPool;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(
    { store, finder, log = silentLog }: DownloaderParts,
    options: DownloaderOptions = {},
  ) {
    this.#parts = { store, finder, log };
    this.#options = options;
    this.#http = new OriginHttp(options);
    this.#pool = new PeerPool({ servePort: options.servePort ?? (() => 0) });
  }

  /** Every peer that was met, with what it gave. */
  peers(): Peer[] {
    return this.#pool.peers();
  }

  /** What the origin says of a content. A plain one's open response is the caller's to destroy. */
  async describe(url: string, options: GetOptions = {}): Promise<DescribedContent | PlainContent> {
    return await this.#describe(url, { ...options, signal: this.#signal(options) });
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
      const content = await this.#transfer(url, sink, { ...options, signal });
      signal.throwIfAborted();
      await sink.commit();
      return content;
    });
  }

  /** A content as a stream of verified bytes in order; its errors come out of the stream. */
  stream(url: string, options: GetOptions = {}): ReadableStream<Uint8Array> {
    const leave = new AbortController();
    const signal = AbortSignal.any([this.#signal(options), leave.signal]);
    const sink = new StreamSink(shownUrl(url), () => leave.abort());
    void this.#track(async () => {
      try {
        await this.#transfer(url, sink, { ...options, signal });
        await sink.end();
      } catch (error) {
        sink.fail(error);
      }
    });
    return sink.body;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the downloader was closed'));
    await Promise.allSettled(this.#running);
    this.#pool[Symbol.dispose]();
    await this.#http[Symbol.asyncDispose]();
  }

  /** Until the content comes whole: a content that changes meanwhile is begun anew, never mixed. */
  async #transfer(
    url: string,
    sink: ContentSink,
    {
      signal,
      headers = {},
      progress = new Progress(),
    }: GetOptions & { readonly signal: AbortSignal },
  ): Promise<FetchedContent> {
    let stale: Content | undefined;
    let isDistrusted = false;
    for (let restarts = 0; restarts <= MOST_RESTARTS; restarts++) {
      const options = { signal, headers, isFresh: stale !== undefined, isDistrusted };
      const described = await this.#describe(url, options);
      if (described.kind === 'plain') {
        const parts = { http: this.#http, sink, progress, headers };
        const { sizeBytes } = await transferPlainly(parts, described, { signal });
        return { sizeBytes, digest: undefined };
      }
      const content = new Content(described.information);
      if (content.id === stale?.id) {
        isDistrusted = true;
        continue;
      }
      try {
        await this.#transferDescribed(described, content, { sink, progress, signal, headers });
        const { sizeBytes, digest } = described.information;
        return { sizeBytes, digest };
      } catch (error) {
        if (!isStale(error)) throw error;
        stale = content;
        progress.warned('CONTENT_INFORMATION_STALE', `${shownUrl(url)} changed; starting over`);
        await sink.restart();
      }
    }
    throw new OriginKeepsChangingError(shownUrl(url), MOST_RESTARTS);
  }

  async #describe(
    url: string,
    options: GetOptions & {
      readonly signal: AbortSignal;
      readonly isFresh?: boolean;
      readonly isDistrusted?: boolean;
    },
  ): Promise<DescribedContent | PlainContent> {
    const { sidecarOrigins = [] } = this.#options;
    const ask = options.isDistrusted === true ? describePlainly : describe;
    return await retrying(() => ask(this.#http, url, { ...options, sidecarOrigins }), options);
  }

  async #transferDescribed(
    described: DescribedContent,
    content: Content,
    {
      sink,
      progress,
      signal,
      headers,
    }: {
      readonly sink: ContentSink;
      readonly progress: Progress;
      readonly signal: AbortSignal;
      readonly headers: Readonly<Record<string, string>>;
    },
  ): Promise<void> {
    const { sizeBytes, inline } = described.information;
    progress.described(sizeBytes, inline === undefined);
    if (inline !== undefined) {
      progress.received('origin', new URL(described.url).host, inline.length);
      return await sink.write(0, inline);
    }
    const { store, finder, log } = this.#parts;
    const waitMs = this.#options.discoveryWaitMs ?? DISCOVERY_WAIT_MS;
    await using swarm = new Swarm({ finder, pool: this.#pool, log }, content, { waitMs });
    const origin = contentOrigin(this.#http, described, headers);
    const transfer = new ContentTransfer({ store, swarm, origin, sink, progress, log }, content);
    await transfer.run({ signal });
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

/** Only the origin's own bytes can say so: those of peers that lie never end a transfer. */
function isStale(error: unknown): boolean {
  return (
    error instanceof StaleContentInformationError ||
    error instanceof BlockMismatchError ||
    error instanceof BlockHashListMismatchError
  );
}
