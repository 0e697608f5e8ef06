import { randomBytes } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, realpath, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { HOUR_MS, PeerCacheError } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import { ContentUnreadableError, SidecarUnwritableError } from './errors.ts';
import { FileHasher } from './hash-file.ts';
import { nginxEtag, publishFile } from './publish-file.ts';
import type { EtagFacts, FilePublishing } from './publish-file.ts';
import { realFolderOf } from './served-folder.ts';
import { findServerSecret } from './server-secret.ts';
import { contentOf, isSidecarName, isTemporaryName } from './sidecar-name.ts';
import { readSidecar } from './sidecar.ts';
import { openTerms } from './terms.ts';
import type { Terms, TermsOptions } from './terms.ts';

export interface PublishOptions extends TermsOptions {
  readonly folder: string;
  /** The ETag that the web server will give a file; nginx's unless told otherwise. */
  readonly etagOf?: ((file: EtagFacts) => string) | undefined;
  /** Publishes what is current, too. */
  readonly isForced?: boolean | undefined;
  /** Only tells what would be done; makes no server secret either. */
  readonly isDryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type PublishEvent =
  | {
      readonly action: 'published' | 'unchanged' | 'removed';
      /** Relative to the folder: a content, or a sidecar that was removed. */
      readonly path: string;
      readonly sizeBytes: number;
    }
  | {
      readonly action: 'failed';
      readonly path: string;
      readonly sizeBytes: 0;
      readonly error: PeerCacheError;
    };

interface Publishing extends FilePublishing {
  readonly folder: string;
  readonly stateFolder: string;
}

/** What an interrupted run left behind; a younger one may belong to a run that goes on. */
const STALE_MS = HOUR_MS;

/**
 * Writes content information beside every file of a folder and the folders in it, as
 * `NAME.peer-cache`, where it is missing or outdated, and removes it where the content is gone.
 * Yields what happened to each file; one that fails does not end the rest. Names that begin with
 * a dot and symbolic links are left out. Design 4.
 *
 * @throws {FolderNotFoundError} {@link ServerSecretUnsafeError} {@link StateFolderUnusableError}
 */
export async function* publishFolder(
  { log }: { readonly log: Log },
  options: PublishOptions,
): AsyncGenerator<PublishEvent, void, void> {
  const folder = await realFolderOf(options.folder);
  const terms = await termsOf(options);
  await using hasher = new FileHasher();
  const { etagOf = nginxEtag, isForced = false, isDryRun = false, signal } = options;
  const stateFolder = await realpath(options.stateFolder).catch(() => options.stateFolder);
  const publishing = { folder, stateFolder, hasher, terms, etagOf, isForced, isDryRun, signal };
  for await (const event of publishIn(folder, publishing)) {
    const { action, path } = event;
    if (action === 'failed') log.warn({ err: event.error, path }, 'content not published');
    else log.debug({ action, path }, 'content looked at');
    yield event;
  }
}

async function* publishIn(
  folder: string,
  publishing: Publishing,
): AsyncGenerator<PublishEvent, void, void> {
  if (folder === publishing.stateFolder) return;
  const entries = await list(folder);
  if (entries instanceof PeerCacheError) {
    yield failure(folder, publishing, entries);
    return;
  }
  const names = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
  for (const entry of entries) {
    publishing.signal?.throwIfAborted();
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith('.')) yield* publishIn(path, publishing);
    const event = entry.isFile()
      ? await handleFile(path, entry.name, names, publishing)
      : undefined;
    if (event !== undefined) yield event;
  }
}

async function list(folder: string): Promise<Dirent[] | PeerCacheError> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    return new ContentUnreadableError(folder, { cause });
  }
}

async function handleFile(
  path: string,
  name: string,
  names: ReadonlySet<string>,
  publishing: Publishing,
): Promise<PublishEvent | undefined> {
  try {
    if (isTemporaryName(name)) return await removeStale(path, publishing);
    if (name.startsWith('.')) return undefined;
    if (isSidecarName(name)) {
      return names.has(contentOf(name)) ? undefined : await removeOrphan(path, publishing);
    }
    const published = await publishFile(path, publishing);
    return { path: relative(publishing.folder, path), ...published };
  } catch (error) {
    publishing.signal?.throwIfAborted();
    if (!(error instanceof PeerCacheError)) throw error;
    return failure(path, publishing, error);
  }
}

/** Only what is really content information of ours: others may use the name too. */
async function removeOrphan(
  path: string,
  publishing: Publishing,
): Promise<PublishEvent | undefined> {
  const sidecar = await readSidecar(path).catch((cause: unknown) => {
    throw new SidecarUnwritableError(path, { cause });
  });
  return sidecar && remove(path, sidecar.sizeBytes, publishing);
}

async function removeStale(
  path: string,
  publishing: Publishing,
): Promise<PublishEvent | undefined> {
  const { size, mtimeMs } = await stat(path);
  return Date.now() - mtimeMs < STALE_MS ? undefined : remove(path, size, publishing);
}

async function remove(
  path: string,
  sizeBytes: number,
  { folder, isDryRun }: Publishing,
): Promise<PublishEvent> {
  try {
    if (!isDryRun) await rm(path, { force: true });
  } catch (cause) {
    throw new SidecarUnwritableError(path, { cause });
  }
  return { action: 'removed', path: relative(folder, path), sizeBytes };
}

function failure(path: string, { folder }: Publishing, error: PeerCacheError): PublishEvent {
  return { action: 'failed', path: relative(folder, path), sizeBytes: 0, error };
}

/** A dry run makes no secret: without one nothing is current, as with this one. */
async function termsOf(options: PublishOptions): Promise<Terms> {
  const { isDryRun, isPublic, serverSecret, stateFolder } = options;
  if (isDryRun !== true || isPublic === true || serverSecret) return openTerms(options);
  const found = await findServerSecret(stateFolder);
  return openTerms({ ...options, serverSecret: found ?? randomBytes(32) });
}
