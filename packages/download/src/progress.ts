import { EventEmitter } from 'node:events';
import type { SourceKind } from './block-source.ts';

/** Facts about one download, for observers. */
export interface DownloadEvents {
  /** The origin has said what the content is. */
  'content-described': [{ readonly sizeBytes: number | undefined; readonly isShared: boolean }];
  /** Content bytes have arrived and were verified (those of a plain origin: taken as they came). */
  'bytes-received': [
    { readonly kind: SourceKind; readonly sourceName: string; readonly bytes: number },
  ];
  /** A source failed and others go on in its place. */
  'source-failed': [{ readonly sourceName: string; readonly error: unknown }];
  /** Something is not as it should be, and the download copes. */
  'download-warned': [{ readonly code: string; readonly message: string }];
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

  /** Undefined until the origin told, or where it does not tell. */
  get sizeBytes(): number | undefined {
    return this.#sizeBytes;
  }

  /** Whether blocks are exchanged with peers. */
  get isShared(): boolean {
    return this.#isShared;
  }

  /** Content bytes at hand; falls back to 0 when the content changed and the download restarts. */
  get doneBytes(): number {
    return this.#doneBytes;
  }

  /** All bytes received, those of abandoned versions and of blocks received twice included. */
  get bytes(): BytesBySource {
    return { ...this.#bytes };
  }

  described(sizeBytes: number | undefined, isShared: boolean): void {
    this.#sizeBytes = sizeBytes;
    this.#isShared = isShared;
    this.#doneBytes = 0;
    this.emit('content-described', { sizeBytes, isShared });
  }

  received(kind: SourceKind, sourceName: string, bytes: number, isNew = true): void {
    this.#bytes[kind === 'peer' ? 'peers' : kind] += bytes;
    if (isNew) this.#doneBytes += bytes;
    this.emit('bytes-received', { kind, sourceName, bytes });
  }

  failed(sourceName: string, error: unknown): void {
    this.emit('source-failed', { sourceName, error });
  }

  warned(code: string, message: string): void {
    this.emit('download-warned', { code, message });
  }
}
