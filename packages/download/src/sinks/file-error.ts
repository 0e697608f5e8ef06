import { messageOf } from '@peer-cache/core';
import { DiskFullError, FileUnwritableError, TooManyFilesError } from '../errors.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT']);
const TOO_MANY = new Set(['EMFILE', 'ENFILE']);

/** Does something to the file wanted at `path`; what the system has against it is one of our errors. */
export async function withFileErrors<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw fileError(path, cause);
  }
}

/** What a failed file operation means for whoever wanted the file at `path`. */
export function fileError(path: string, cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (FULL.has(code)) return new DiskFullError(path, { cause });
  if (TOO_MANY.has(code)) return new TooManyFilesError(path, { cause });
  const reason = code === 'ENOENT' ? 'its folder does not exist' : messageOf(cause);
  return new FileUnwritableError(path, reason, { cause });
}
