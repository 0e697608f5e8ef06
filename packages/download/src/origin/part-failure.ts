import { PeerCacheError, SECOND_MS } from '@peer-cache/core';
import {
  OriginBusyError,
  OriginProtocolError,
  errorOfStatus,
  shownUrl,
} from '@peer-cache/transport';
import type { OriginResponse } from '@peer-cache/transport';

/** Of many small requests some fail where one large one would not: so often in a row is borne… */
const MOST_FAILURES = 3;
/** …with so long before the next, and longer each time. */
const FIRST_BACK_OFF_MS = 100;
/** Who wants to be left alone for longer is left to those who ask for whole runs. */
const MOST_RETRY_AFTER_MS = 2 * SECOND_MS;

/** Of an answer that is not the range that was asked for. */
export function wrongAnswer(url: string, { status, fields }: OriginResponse): PeerCacheError {
  if ([200, 206, 416].includes(status)) {
    return new OriginProtocolError(shownUrl(url), 'another range than was asked for');
  }
  return errorOfStatus(shownUrl(url), status, fields);
}

/** How long to wait before the same is asked for again; undefined where that is no use. */
export function backOffMs(error: unknown, failuresInARow: number): number | undefined {
  const mayPass = !(error instanceof PeerCacheError) || error.transient;
  const retryMs = error instanceof OriginBusyError ? (error.retryMs ?? 0) : 0;
  if (!mayPass || failuresInARow > MOST_FAILURES || retryMs > MOST_RETRY_AFTER_MS) return undefined;
  return Math.max(retryMs, FIRST_BACK_OFF_MS * 2 ** (failuresInARow - 1));
}
