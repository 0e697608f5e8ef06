import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@peer-cache/core';
import type { Accepted } from './accept.ts';
import type { ContentCatalog } from './content-catalog.ts';
import type { ContentFile } from './content-file.ts';
import type { DescribedContent } from './described-content.ts';
import {
  ContentBeingHashedError,
  ContentChangedError,
  NoContentInformationError,
} from './errors.ts';
import { contentRepresentation, informationRepresentation } from './representation.ts';
import type { Representation } from './representation.ts';

export interface ChooseParts {
  readonly catalog: ContentCatalog;
  readonly log: Log;
  /** How long a client waits for content information that is still being made. */
  readonly hashingWaitMs: number;
}

/** A file just changed and one found gone from the catalog are looked at once more. */
const ATTEMPTS = 2;

/**
 * Opens what a client that accepts `accepted` gets of an open file, which is closed where it is
 * not part of the answer. While a content is being hashed for longer than a client should wait,
 * that is the content itself; hashing goes on for those who come later.
 *
 * @throws {ContentBeingHashedError} then, to who accepts nothing but content information.
 * @throws {NoContentInformationError} to the same where there is none.
 */
export async function chooseRepresentation(
  file: ContentFile,
  accepted: Accepted,
  { isDescribed, parts }: { readonly isDescribed: boolean; readonly parts: ChooseParts },
): Promise<Representation> {
  if (!accepted.isInformationAccepted) return contentRepresentation(file);
  const information = isDescribed ? await openInformation(file, parts) : 'none';
  if (typeof information !== 'string') {
    await file[Symbol.asyncDispose]();
    return information;
  }
  if (accepted.isContentAccepted) return contentRepresentation(file);
  await file[Symbol.asyncDispose]();
  throw information === 'not-yet' ? new ContentBeingHashedError() : new NoContentInformationError();
}

async function openInformation(
  file: ContentFile,
  parts: ChooseParts,
): Promise<Representation | 'not-yet' | 'none'> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const described = await describeInTime(file, parts);
    if (typeof described === 'string') return described;
    try {
      return await informationRepresentation(described);
    } catch {
      // Somebody cleaned the state folder: described anew, the catalog notices and hashes again.
      parts.catalog.forget(file.path);
    }
  }
  return 'not-yet';
}

async function describeInTime(
  file: ContentFile,
  parts: ChooseParts,
): Promise<DescribedContent | 'not-yet' | 'none'> {
  const answered = new AbortController();
  const timeout = delay(parts.hashingWaitMs, undefined, { signal: answered.signal, ref: false });
  const late = timeout.then(
    () => 'not-yet' as const,
    () => 'not-yet' as const,
  );
  try {
    return await Promise.race([describe(file, parts), late]);
  } finally {
    answered.abort();
  }
}

async function describe(
  file: ContentFile,
  { catalog, log }: ChooseParts,
): Promise<DescribedContent | 'not-yet' | 'none'> {
  try {
    return await catalog.describe(file);
  } catch (error) {
    if (error instanceof ContentChangedError) return 'not-yet';
    log.error({ err: error, path: file.path }, 'content not described');
    return 'none';
  }
}
