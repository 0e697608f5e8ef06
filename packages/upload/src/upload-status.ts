import type { PeerCacheError } from '@peer-cache/core';
import { errorOfStatus, OriginBusyError, shownUrl } from '@peer-cache/transport';
import type { HeaderFields } from '@peer-cache/transport';
import { UploadExistsError, UploadTooLargeError, UploadUnsupportedError } from './errors.ts';

/** No way to send a file there: 405, 415 and 501 of RFC 9110 §15. */
const UNSUPPORTED: ReadonlySet<number> = new Set([404, 405, 410, 415, 501]);
const LOCKED = 423;

/** What a status that is no success means for an upload; else what it means for any request. */
export function uploadErrorOf(
  url: string,
  status: number,
  { fields, sizeBytes }: { readonly fields: HeaderFields; readonly sizeBytes: number },
): PeerCacheError {
  const shown = shownUrl(url);
  if (status === 413) return new UploadTooLargeError(shown, sizeBytes);
  if (status === 412) return new UploadExistsError(shown);
  if (status === LOCKED) return new OriginBusyError(shown, status, undefined);
  if (UNSUPPORTED.has(status)) return new UploadUnsupportedError(shown, status);
  return errorOfStatus(shown, status, fields);
}
