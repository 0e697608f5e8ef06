import { rm } from 'node:fs/promises';
import { describeContent, digestsEqual, segmentSecretOf } from '@peer-cache/core';
import type { ContentInformation } from '@peer-cache/core';
import { ContentFile } from './content-file.ts';
import {
  ContentChangedError,
  ContentUnreadableError,
  SidecarNameTakenError,
  SidecarUnwritableError,
} from './errors.ts';
import type { FileHasher } from './hash-file.ts';
import { sidecarOf } from './sidecar-name.ts';
import { readSidecar, writeSidecar } from './sidecar.ts';
import type { Sidecar } from './sidecar.ts';
import type { Terms } from './terms.ts';

/** What decides on the ETag that a web server gives a file. */
export interface EtagFacts {
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
}

export interface FilePublishing {
  readonly hasher: FileHasher;
  readonly terms: Terms;
  readonly etagOf: (file: EtagFacts) => string;
  /** Publishes what is current, too. */
  readonly isForced: boolean;
  /** Only tells what would be done. */
  readonly isDryRun: boolean;
  readonly signal: AbortSignal | undefined;
}

export interface PublishedFile {
  readonly action: 'published' | 'unchanged';
  readonly sizeBytes: number;
}

/** A file that changes while it is hashed is hashed once more. */
const ATTEMPTS = 2;

/**
 * Brings the sidecar of one file up to date.
 *
 * @throws {ContentChangedError} when the file keeps changing; an outdated sidecar is then gone.
 * @throws {ContentUnreadableError} {@link SidecarNameTakenError} {@link SidecarUnwritableError}
 */
export async function publishFile(path: string, options: FilePublishing): Promise<PublishedFile> {
  const sidecarPath = sidecarOf(path);
  for (let attempt = 1; ; attempt++) {
    await using file = await openContent(path);
    const { sizeBytes } = file;
    const sidecar = await findSidecar(sidecarPath);
    if (!options.isForced && sidecar !== undefined && isCurrent(sidecar, file, options)) {
      return { action: 'unchanged', sizeBytes };
    }
    if (options.isDryRun) return { action: 'published', sizeBytes };
    try {
      await publish(file, sidecarPath, options);
      return { action: 'published', sizeBytes };
    } catch (error) {
      if (!(error instanceof ContentChangedError)) throw error;
      // None is better than one of another state of the file.
      await rm(sidecarPath, { force: true });
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/** The ETag that nginx gives a file: modification time in seconds and size, both hexadecimal. */
export function nginxEtag({ sizeBytes, modifiedMs }: EtagFacts): string {
  return `"${Math.floor(modifiedMs / 1000).toString(16)}-${sizeBytes.toString(16)}"`;
}

/**
 * Whether the sidecar describes the file as it is. Size and ETag are in the root; that nothing
 * happened to the file since the sidecar was written is told by the change times, which no
 * program can set. So a replaced file of equal size and date is noticed, and a tree that was
 * copied is at worst hashed again.
 */
function isCurrent(
  { information, changedNs }: Sidecar,
  file: ContentFile,
  { terms, etagOf }: FilePublishing,
): boolean {
  return (
    information !== undefined &&
    information.sizeBytes === file.sizeBytes &&
    information.etag === etagOf(file) &&
    file.stats.ctimeNs < changedNs &&
    isOfTerms(information, terms)
  );
}

function isOfTerms(information: ContentInformation, terms: Terms): boolean {
  const [first] = information.segments;
  const { isPublic, serveForSeconds, serverSecret } = terms;
  return (
    information.isPublic === isPublic &&
    information.serveForSeconds === serveForSeconds &&
    (first === undefined ||
      digestsEqual(segmentSecretOf(serverSecret, first.segmentHash), first.segmentSecret))
  );
}

async function publish(
  file: ContentFile,
  sidecarPath: string,
  { hasher, terms, etagOf, signal }: FilePublishing,
): Promise<void> {
  const content = await hasher.hash(file, { signal });
  const information = describeContent(content, { ...terms, etag: etagOf(file) });
  const { blockHashLists } = content;
  await writeSidecar(sidecarPath, information, { blockHashLists, owner: file.stats }).catch(
    (cause: unknown) => {
      throw new SidecarUnwritableError(sidecarPath, { cause });
    },
  );
  // A change between hashing and now is older than the sidecar, and would look published later.
  await file.assertSame();
}

async function openContent(path: string): Promise<ContentFile> {
  const file = await ContentFile.open(path).catch((cause: unknown) => {
    throw new ContentUnreadableError(path, { cause });
  });
  if (file === undefined) throw new ContentUnreadableError(path);
  return file;
}

async function findSidecar(path: string): Promise<Sidecar | undefined> {
  let sidecar: Sidecar | undefined;
  try {
    sidecar = await readSidecar(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new SidecarUnwritableError(path, { cause });
  }
  if (sidecar === undefined) throw new SidecarNameTakenError(path);
  return sidecar;
}
