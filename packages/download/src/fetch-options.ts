import type { Turn } from '@peer-cache/bandwidth';
import type { Digest, Log } from '@peer-cache/core';
import type { Board } from '@peer-cache/ownership';
import type { BlockStore } from '@peer-cache/store';
import type { OriginHttp } from '@peer-cache/transport';
import type { Lookups } from './peers/lookups.ts';
import type { PeerPool } from './peers/peer-pool.ts';
import type { Progress } from './progress.ts';
import type { WantedRange } from './wanted-bytes.ts';

export interface GetOptions {
  readonly signal?: AbortSignal;
  /** Where to count and tell; one of its own otherwise. */
  readonly progress?: Progress;
  /** Sent to the origin. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Other URLs of the same content, which give its bytes where it has content information: that
   * comes from the content's own URL, so that a mirror can't change a byte.
   */
  readonly mirrors?: readonly string[] | undefined;
  /** When to ask peers and origin for blocks: always, if not given. */
  readonly turn?: Turn;
}

export interface FetchOptions extends GetOptions {
  /**
   * Ends the transfer soon and at a block's edge: it then fails with TransferLeftError. A plain
   * content without a validator has to begin anew the next time.
   */
  readonly leave?: AbortSignal;
  /** Only these bytes, in whatever order: the blocks that hold them. None: the whole content. */
  readonly ranges?: readonly WantedRange[];
  /** A transport of its own; the downloader's otherwise. */
  readonly http?: OriginHttp;
  /** True. Else no peer is asked and nothing is put into the store, though it is read. */
  readonly isShared?: boolean;
  /**
   * Failures of the origin in a row, without a byte between them, that are borne; the next is
   * final. 5.
   */
  readonly mostFailures?: number;
}

export interface FetchedContent {
  /** Of the whole content, whatever was wanted of it. */
  readonly sizeBytes: number;
  /** BLAKE3 of the content as its content information says it; undefined for a plain origin. */
  readonly digest: Digest | undefined;
}

/** What every fetch of one downloader works with. */
export interface FetchParts {
  readonly store: BlockStore;
  readonly lookups: Lookups;
  readonly board: Board;
  /** Our own peer ID. */
  readonly selfId: string;
  /** Whether others can take from here what is fetched. */
  readonly isServing: () => boolean;
  /** Whether an address that a peer told may be called. */
  readonly mayCall: (host: string) => boolean;
  readonly log: Log;
  readonly http: OriginHttp;
  readonly pool: PeerPool;
  /** Origins (`https://host`) that have sidecars beside their contents. */
  readonly sidecarOrigins: readonly string[];
  /** How long the origin is left alone while peers may still answer. */
  readonly discoveryWaitMs: number;
}
