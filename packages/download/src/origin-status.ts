import type { PeerCacheError } from '@peer-cache/core';
import {
  OriginBusyError,
  OriginFailedError,
  OriginNotFoundError,
  OriginProtocolError,
  OriginRefusedError,
} from './errors.ts';
import { retryAfterMs } from './http-fields.ts';
import type { HeaderFields } from './http-fields.ts';

const NOT_FOUND = new Set([404, 410]);
const REFUSED = new Set([401, 402, 403, 407, 451]);
const BUSY = new Set([408, 425, 429, 503]);

/** What a status that brings no content means for the download. */
export function errorOfStatus(url: string, status: number, fields: HeaderFields): PeerCacheError {
  if (NOT_FOUND.has(status)) return new OriginNotFoundError(url, status);
  if (REFUSED.has(status)) return new OriginRefusedError(url, status);
  if (BUSY.has(status)) {
    return new OriginBusyError(url, status, retryAfterMs(fields, Date.now()));
  }
  if (status >= 500) return new OriginFailedError(url, status);
  return new OriginProtocolError(url, `unexpected status ${status}`);
}
