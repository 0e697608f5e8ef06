import type { ContentVersion } from '@peer-cache/download';
import { shownUrl } from '@peer-cache/transport';
import type { FetchedVersion, FileVersion } from '../records.ts';

/** A version as the journal keeps it. */
export function versionOf(version: ContentVersion): FetchedVersion {
  if (version.kind === 'described') {
    const digest = Buffer.from(version.digest).toString('hex');
    return { kind: 'described', digest, sizeBytes: version.sizeBytes };
  }
  const { url, validator, sizeBytes } = version;
  return { kind: 'plain', url: shownUrl(url), validator, sizeBytes };
}

/**
 * Whether blocks of one version may be completed with blocks of the other. A validator only means
 * something at its own URL: from another place the same one will do only where a digest of the
 * whole is checked in the end.
 */
export function isSameVersion(
  kept: FileVersion | undefined,
  next: FileVersion,
  hasDigest: boolean,
): boolean {
  if (kept?.kind === 'described' && next.kind === 'described') {
    return kept.digest === next.digest && kept.sizeBytes === next.sizeBytes;
  }
  if (kept?.kind !== 'plain' || next.kind !== 'plain') return false;
  const isTied = kept.validator !== undefined && kept.validator === next.validator;
  return isTied && kept.sizeBytes === next.sizeBytes && (hasDigest || kept.url === next.url);
}
