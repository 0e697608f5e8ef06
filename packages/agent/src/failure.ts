import { PeerCacheError } from '@peer-cache/core';
import type { Failure } from '@peer-cache/protocol';

/** An error as it is told to another process. */
export function failureOf(error: unknown): Failure {
  if (error instanceof PeerCacheError) {
    const { code, message, transient } = error;
    return { code, message, transient };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (isAbort(error)) return { code: 'CANCELLED', message, transient: true };
  return { code: 'UNEXPECTED', message, transient: false };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
