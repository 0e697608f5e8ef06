import type { PeerCacheError } from '@peer-cache/core';
import {
  OriginBusyError,
  OriginFailedError,
  OriginNotFoundError,
  OriginProtocolError,
  OriginRefusedError,
  ProxyRefusedError,
} from './errors.ts';
import { retryAfterMs } from './http-fields.ts';
import type { HeaderFields } from './http-fields.ts';

/**
 * Redirects that brought no target. [BITS ERR-03] has 300 to 305 and 307 as fatal and the rest as
 * transient; 308 was not yet there (RFC 7538) and is fatal as 301 is.
 */
const FATAL_REDIRECTS = new Set([300, 301, 302, 303, 304, 305, 307, 308]);
const NOT_FOUND = new Set([404, 410]);
const REFUSED = new Set([401, 402, 403, 451]);
const PROXY_REFUSED = 407;
/** Says by itself that it is for now: 408 and 425 ask for the same request again (RFC 9110, 8470). */
const BUSY = new Set([408, 425, 429, 503]);
/**
 * Beyond BITS's 408 and 409: 421 is for this connection only (RFC 9110 §15.5.20), 423 ends with the
 * lock (RFC 4918). 202 is no content yet.
 */
const PASSING = new Set([202, 409, 421, 423]);
/**
 * A server that can't (501, 505 as in BITS), is set up wrongly (506, 508) or wants an extension
 * (510) won't do better later. 507 is temporary (RFC 4918 §11.5), 511 ends with a log-in.
 */
const UNABLE = new Set([501, 505, 506, 508, 510]);

/** What a status that brings no content means for the download; what may pass has its Retry-After. */
export function errorOfStatus(url: string, status: number, fields: HeaderFields): PeerCacheError {
  if (NOT_FOUND.has(status)) return new OriginNotFoundError(url, status);
  if (REFUSED.has(status)) return new OriginRefusedError(url, `HTTP ${status}`);
  if (status === PROXY_REFUSED) return new ProxyRefusedError(url, status);
  const retryMs = retryAfterMs(fields, Date.now());
  if (BUSY.has(status)) return new OriginBusyError(url, status, retryMs);
  if (mayPass(status)) return new OriginFailedError(url, status, retryMs);
  return new OriginProtocolError(url, `unexpected status ${status}`);
}

/** A status of no known class counts as 5xx (RFC 9110 §15). */
function mayPass(status: number): boolean {
  if (PASSING.has(status) || status >= 500) return !UNABLE.has(status);
  return status >= 300 && status < 400 && !FATAL_REDIRECTS.has(status);
}
