import { PeerCacheError, messageOf } from '@peer-cache/core';
import type { ErrorContext, JobError } from '@peer-cache/protocol';
import { shownUrl } from '@peer-cache/transport';

/** Where in the work each kind of error arises (ERR-02); the longest prefix that fits counts. */
const CONTEXT_OF_CODE: readonly (readonly [prefix: string, context: ErrorContext])[] = [
  ['DISK_', 'local-file'],
  ['LOCAL_FILE_', 'local-file'],
  ['FILE_', 'local-file'],
  ['TEMPORARY_FILE_', 'local-file'],
  ['TOO_MANY_FILES', 'local-file'],
  ['STORE_', 'local-file'],
  ['VALIDATION_', 'remote-file'],
  ['RANGE_', 'remote-file'],
  ['CONTENT_', 'remote-file'],
  ['MALFORMED_CONTENT_INFORMATION', 'remote-file'],
  ['BLOCK_', 'remote-file'],
  ['UNSUPPORTED_URL', 'remote-file'],
  ['REDIRECT_', 'remote-file'],
  ['ORIGIN_', 'remote-file'],
  ['ORIGIN_UNREACHABLE', 'general-transport'],
  ['ORIGIN_UNTRUSTED', 'general-transport'],
  ['ORIGIN_CUT_SHORT', 'general-transport'],
  ['UPLOAD_', 'remote-file'],
  ['REPLY_', 'remote-application'],
  ['PROXY_', 'general-transport'],
  ['CERTIFICATE_', 'general-transport'],
  ['NETWORK_', 'general-transport'],
  ['JOURNAL_', 'general-queue-manager'],
  ['SECRET', 'general-queue-manager'],
  ['DOWNLOAD_TIME_OVER', 'general-queue-manager'],
  ['BLOCKED_', 'general-queue-manager'],
  ['NO_PROGRESS', 'general-queue-manager'],
  ['NOTIFY_', 'queue-manager-notification'],
];

export interface ErrorPlace {
  readonly atMs: number;
  readonly fileIndex?: number;
  readonly url?: string;
}

/** An error as a job remembers it: what, where, when. */
export function jobErrorOf(error: unknown, { atMs, fileIndex, url }: ErrorPlace): JobError {
  const isOurs = error instanceof PeerCacheError;
  const code = isOurs ? error.code : 'UNEXPECTED';
  return {
    code,
    message: messageOf(error),
    transient: isOurs && error.transient,
    context: contextOf(code),
    atMs,
    fileIndex,
    url: url === undefined ? undefined : shownUrl(url),
  };
}

/** When the origin wants to be asked again, where it said so. */
export function retryAfterMsOf(error: unknown): number | undefined {
  const isTelling = error instanceof Error && 'retryMs' in error;
  return isTelling && typeof error.retryMs === 'number' ? error.retryMs : undefined;
}

function contextOf(code: string): ErrorContext {
  let best: readonly [string, ErrorContext] = ['', 'unknown'];
  for (const row of CONTEXT_OF_CODE) {
    if (code.startsWith(row[0]) && row[0].length > best[0].length) best = row;
  }
  return best[1];
}
