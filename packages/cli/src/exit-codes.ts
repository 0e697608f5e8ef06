import { PeerCacheError } from '@peer-cache/core';

/** How a command ends; the table in docs/operations.md tells the same. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  retryLater: 4,
  local: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const EXIT_OF_CODE: Readonly<Record<string, ExitCode>> = {
  USAGE: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  CONTROL_REQUEST: EXIT.usage,
  JOB_AMBIGUOUS: EXIT.usage,
  JOB_REQUEST: EXIT.usage,
  SEGMENT_AMBIGUOUS: EXIT.usage,
  UNSUPPORTED_URL: EXIT.usage,
  JOB_NOT_FOUND: EXIT.notFound,
  ORIGIN_NOT_FOUND: EXIT.notFound,
  SEGMENT_NOT_FOUND: EXIT.notFound,
  CANCELLED: EXIT.retryLater,
  CERTIFICATE_UNUSABLE: EXIT.local,
  CONTENT_UNREADABLE: EXIT.local,
  CONTROL_SOCKET: EXIT.local,
  DISK_FULL: EXIT.local,
  FILE_EXISTS: EXIT.local,
  FILE_UNREADABLE: EXIT.local,
  FILE_UNWRITABLE: EXIT.local,
  FOLDER_NOT_FOUND: EXIT.local,
  LOCAL_FILE_CHANGED: EXIT.local,
  LOCAL_FILE_UNREADABLE: EXIT.local,
  JOURNAL_DAMAGED: EXIT.local,
  JOURNAL_FULL: EXIT.local,
  JOURNAL_IN_USE: EXIT.local,
  JOURNAL_NETWORK_DISK: EXIT.local,
  JOURNAL_UNWRITABLE: EXIT.local,
  PRIVATE_FILE: EXIT.local,
  SECRETS_UNWRITABLE: EXIT.local,
  SECRET_KEY_UNUSABLE: EXIT.local,
  SERVER_SECRET_UNSAFE: EXIT.local,
  SIDECAR_NAME_TAKEN: EXIT.local,
  SIDECAR_UNWRITABLE: EXIT.local,
  STATE_FOLDER_UNUSABLE: EXIT.local,
  STORE_FULL: EXIT.local,
  STORE_IN_USE: EXIT.local,
  STORE_UNWRITABLE: EXIT.local,
  TARGET_FOLDER_MISSING: EXIT.local,
  TEMPORARY_FILE_LOST: EXIT.local,
  UPLOAD_FOLDER_UNUSABLE: EXIT.local,
};

/** The exit code that an error leads to. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof PeerCacheError)) return EXIT.failed;
  return EXIT_OF_CODE[error.code] ?? (error.transient ? EXIT.retryLater : EXIT.failed);
}
