import { PeerCacheError } from '@peer-cache/core';

/** Another process has the store folder open; one folder belongs to one process. */
export class StoreInUseError extends PeerCacheError {
  readonly code = 'STORE_IN_USE';

  constructor(folder: string, options?: ErrorOptions) {
    super(
      `the store folder ${folder} is in use by another process: ` +
        'stop that one, or give this one a folder of its own',
      options,
    );
  }
}

/** Neither the quota nor the disk has room, even after everything that may go is gone. */
export class StoreFullError extends PeerCacheError {
  readonly code = 'STORE_FULL';
  override readonly transient = true;

  /** `place` is the store's folder, or says that it is in memory. */
  constructor(place: string, neededBytes: number, options?: ErrorOptions) {
    super(
      `the store ${place} has no room for ${neededBytes} bytes more, and what it holds is in use ` +
        'or pinned: free disk space, raise its limit, or unpin segments',
      options,
    );
  }
}

/** The store folder can't be made or written to. */
export class StoreUnwritableError extends PeerCacheError {
  readonly code = 'STORE_UNWRITABLE';

  constructor(folder: string, options: { readonly cause: unknown }) {
    super(
      `the store folder ${folder} can't be written to (${systemCode(options.cause) ?? 'failed'}): ` +
        'let this user write there, or choose another folder',
      options,
    );
  }
}

/** Whether the disk or the user's share of it is full. */
export function isNoSpace(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL';
}

/** Whether a file, or a folder on the way to it, does not exist. */
export function isMissing(error: unknown): boolean {
  return systemCode(error) === 'ENOENT';
}

/** What a failed write means to whoever asked for it; what is no failure of a disk stays as it is. */
export function writeError(cause: unknown, folder: string, neededBytes: number): unknown {
  if (cause instanceof PeerCacheError || systemCode(cause) === undefined) return cause;
  if (isNoSpace(cause)) return new StoreFullError(folder, neededBytes, { cause });
  return new StoreUnwritableError(folder, { cause });
}

/** The code of an error of the operating system or of SQLite, such as `EROFS`. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { code } = error;
  if (typeof code !== 'string') return undefined;
  return 'syscall' in error || code.startsWith('SQLITE_') ? code : undefined;
}
