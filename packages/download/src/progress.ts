import { EventEmitter } from 'node:events';
import type { OriginResponse } from '@peer-cache/transport';
import { shownFields, shownUrl } from '@peer-cache/transport';
import type { SourceKind } from './block-source.ts';

/** Facts about one download, for observers. */
export interface DownloadEvents {
  /** The origin has answered for the content itself; blocks and content information apart. */
  'origin-answered': [OriginAnswer];
  /** The origin has said what the content is; `sizeBytes` is of what is wanted of it. */
  'content-described': [{ readonly sizeBytes: number | undefined; readonly isShared: boolean }];
  /** Content bytes have arrived and were verified (those of a plain origin: taken as they came). */
  'bytes-received': [
    { readonly kind: SourceKind; readonly sourceName: string; readonly bytes: number },
  ];
  /** Wanted bytes were here already, from an earlier attempt, and are sound. */
  'bytes-resumed': [{ readonly bytes: number }];
  /** A source failed and others go on in its place. */
  'source-failed': [{ readonly sourceName: string; readonly error: unknown }];
  /** Something is not as it should be, and the download copes. */
  'download-warned': [{ readonly code: string; readonly message: string }];
}

/** A response of an origin as it may be shown: nothing secret of its URL and its header fields. */
export interface OriginAnswer {
  readonly url: string;
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Content bytes by where they came from. */
export interface BytesBySource {
  readonly store: number;
  readonly peers: number;
  readonly origin: number;
}

/** What a download has done so far. */
export class Progress extends EventEmitter<DownloadEvents> {
  readonly #bytes = { store: 0, peers: 0, origin: 0 };
  #sizeBytes: number | undefined;
  #isShared = false;
  #doneBytes = 0;

  /** Of what is wanted. Undefined until the origin told, or where it does not tell. */
  get sizeBytes(): number | undefined {
    return this.#sizeBytes;
  }

  /** Whether blocks are exchanged with peers. */
  get isShared(): boolean {
    return this.#isShared;
  }

  /** Wanted bytes at hand; falls back to 0 when the content changed and the download restarts. */
  get doneBytes(): number {
    return this.#doneBytes;
  }

  /** All bytes received, those of abandoned versions and of blocks received twice included. */
  get bytes(): BytesBySource {
    return { ...this.#bytes };
  }

  answered({ url, status, fields }: OriginResponse): void {
    this.emit('origin-answered', { url: shownUrl(url), status, headers: shownFields(fields) });
  }

  described(sizeBytes: number | undefined, isShared: boolean): void {
    this.#sizeBytes = sizeBytes;
    this.#isShared = isShared;
    this.#doneBytes = 0;
    this.emit('content-described', { sizeBytes, isShared });
  }

  /** `newBytes` of the bytes were wanted and not here. */
  received(kind: SourceKind, sourceName: string, bytes: number, newBytes: number = bytes): void {
    this.#bytes[kind === 'peer' ? 'peers' : kind] += bytes;
    this.#doneBytes += newBytes;
    this.emit('bytes-received', { kind, sourceName, bytes });
  }

  resumed(bytes: number): void {
    if (bytes === 0) return;
    this.#doneBytes += bytes;
    this.emit('bytes-resumed', { bytes });
  }

  failed(sourceName: string, error: unknown): void {
    this.emit('source-failed', { sourceName, error });
  }

  warned(code: string, message: string): void {
    this.emit('download-warned', { code, message });
  }
}
