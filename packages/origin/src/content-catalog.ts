import { EventEmitter } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { KIB, MIB } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import { ContentFile } from './content-file.ts';
import { describeHashed } from './described-content.ts';
import type { DescribedContent } from './described-content.ts';
import { ContentChangedError, StateFolderUnusableError } from './errors.ts';
import { FileHasher } from './hash-file.ts';
import { keepHashes, pruneHashes, recallHashes } from './kept-hashes.ts';
import type { KeptHashes } from './kept-hashes.ts';
import type { Terms } from './terms.ts';

export interface CatalogEvents {
  'content-hashed': [{ readonly path: string; readonly sizeBytes: number; readonly ms: number }];
  'hashes-recalled': [{ readonly path: string; readonly sizeBytes: number }];
}

/** A file in the state that its ETag names; an open {@link ContentFile} is one. */
export type FileState = Pick<ContentFile, 'path' | 'etag' | 'sizeBytes'>;

interface CatalogParts {
  readonly log: Log;
  readonly terms: Terms;
}

/** Up to here a content is hashed again after a restart: as fast as reading its hashes back. */
export const SMALL_CONTENT_BYTES: number = 8 * MIB;
/** Roots (72 bytes per 32 MiB of content) and the block hash lists of small contents. */
const MOST_KEPT_BYTES: number = 32 * MIB;
/** What an entry costs beside its bytes, roughly. */
const ENTRY_BYTES: number = 1 * KIB;

/**
 * Opens the catalog of a state folder, which is made if it is missing.
 *
 * @throws {StateFolderUnusableError} when the folder can't be made.
 */
export async function openContentCatalog(
  parts: CatalogParts,
  options: { readonly stateFolder: string },
): Promise<ContentCatalog> {
  const folder = join(options.stateFolder, 'catalog');
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StateFolderUnusableError(folder, { cause });
  }
  return new ContentCatalog(parts, folder);
}

/**
 * File -> content information. A file is hashed once, whoever asks at the same time, and its
 * hashes are kept until it changes: of a small one in memory, of a large one on disk too, so that
 * a restart or a new server secret hashes nothing again.
 */
export class ContentCatalog extends EventEmitter<CatalogEvents> implements AsyncDisposable {
  readonly #parts: CatalogParts;
  readonly #folder: string;
  readonly #hasher = new FileHasher();
  readonly #disposed = new AbortController();
  readonly #pruned: Promise<void>;
  /** By path, least recently used first. */
  readonly #described = new Map<string, DescribedContent>();
  readonly #underWay = new Map<string, { etag: string; result: Promise<DescribedContent> }>();
  #keptBytes = 0;

  constructor(parts: CatalogParts, folder: string) {
    super();
    this.#parts = parts;
    this.#folder = folder;
    this.#pruned = pruneHashes(folder, this.#disposed.signal).catch((error: unknown) => {
      if (!this.#disposed.signal.aborted)
        parts.log.warn({ err: error, folder }, 'catalog not pruned');
    });
  }

  /**
   * The content information of a file in this very state; hashing goes on when the caller stops
   * waiting.
   *
   * @throws {ContentChangedError} when the file is in another state.
   * @throws {ContentUnreadableError} when it can't be read.
   * @throws {StateFolderUnusableError} when the hashes of a large file can't be kept.
   */
  async describe(file: FileState): Promise<DescribedContent> {
    this.#disposed.signal.throwIfAborted();
    const known = this.#described.get(file.path);
    if (known?.contentEtag === file.etag) return this.#remember(file.path, known);
    const underWay = this.#underWay.get(file.path);
    if (underWay?.etag === file.etag) return underWay.result;
    // One at a time per path, or a file that changes all the time would be hashed all the time.
    if (underWay !== undefined) throw new ContentChangedError(file.path);
    const result = this.#make(file).finally(() => this.#underWay.delete(file.path));
    this.#underWay.set(file.path, { etag: file.etag, result });
    return result;
  }

  /** Forgets what memory holds of a path, for whoever found it to be wrong. */
  forget(path: string): void {
    const known = this.#described.get(path);
    if (known === undefined) return;
    this.#described.delete(path);
    this.#keptBytes -= memoryOf(known);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort(new Error('the catalog was disposed'));
    await this.#hasher[Symbol.asyncDispose]();
    await Promise.allSettled([...this.#underWay.values()].map(({ result }) => result));
    await this.#pruned;
  }

  async #make(file: FileState): Promise<DescribedContent> {
    const { terms } = this.#parts;
    if (file.sizeBytes <= SMALL_CONTENT_BYTES) {
      const content = await this.#hash(file);
      return this.#remember(file.path, describeHashed(file, content, { terms }));
    }
    const { content, lists } = (await this.#recall(file)) ?? (await this.#hashAndKeep(file));
    return this.#remember(file.path, describeHashed(file, content, { terms, kept: lists }));
  }

  async #recall(file: FileState): Promise<KeptHashes | undefined> {
    const kept = await recallHashes(this.#folder, file).catch((cause: unknown) => {
      throw new StateFolderUnusableError(this.#folder, { cause });
    });
    if (kept !== undefined) {
      this.emit('hashes-recalled', { path: file.path, sizeBytes: file.sizeBytes });
    }
    return kept;
  }

  async #hashAndKeep(file: FileState): Promise<KeptHashes> {
    const content = await this.#hash(file);
    return keepHashes(this.#folder, file, content).catch((cause: unknown) => {
      throw new StateFolderUnusableError(this.#folder, { cause });
    });
  }

  async #hash(state: FileState) {
    const startedMs = performance.now();
    // Opened anew: whoever asked may stop waiting, and close the file, long before the end.
    await using file = await ContentFile.open(state.path);
    if (file?.etag !== state.etag) throw new ContentChangedError(state.path);
    const content = await this.#hasher.hash(file);
    const ms = Math.round(performance.now() - startedMs);
    this.emit('content-hashed', { path: state.path, sizeBytes: state.sizeBytes, ms });
    this.#parts.log.debug({ path: state.path, sizeBytes: state.sizeBytes, ms }, 'content hashed');
    return content;
  }

  #remember(path: string, described: DescribedContent): DescribedContent {
    this.forget(path);
    this.#described.set(path, described);
    this.#keptBytes += memoryOf(described);
    for (const oldest of this.#described.keys()) {
      if (this.#keptBytes <= MOST_KEPT_BYTES) break;
      this.forget(oldest);
    }
    return described;
  }
}

function memoryOf({ root, lists }: DescribedContent): number {
  return ENTRY_BYTES + root.length + (lists instanceof Uint8Array ? lists.length : 0);
}
