import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { deriveKey, PeerCacheError } from '@peer-cache/core';
import { isMissing } from '../missing-file.ts';

const CREDENTIAL = 'peer-cache-key';
const LEAST_BYTES = 32;
const MOST_BYTES = 4096;
const CONTEXT = 'peer-cache 2026-11 key of job secrets';

/** The key for secrets at rest is there, but is none. */
export class SecretKeyUnusableError extends PeerCacheError {
  readonly code = 'SECRET_KEY_UNUSABLE';

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path} is no key: ${reason}; make it of ${LEAST_BYTES} random bytes`, options);
  }
}

/**
 * The 32-byte key for secrets at rest, from the credential `peer-cache-key` that systemd decrypted
 * for this service; undefined where there is none.
 *
 * @throws {SecretKeyUnusableError} for one that is too short, too long, or can't be read
 */
export async function findSecretKey({
  credentialsDirectory,
}: {
  /** What systemd calls `$CREDENTIALS_DIRECTORY`. */
  readonly credentialsDirectory: string | undefined;
}): Promise<Uint8Array | undefined> {
  if (credentialsDirectory === undefined) return undefined;
  const path = join(credentialsDirectory, CREDENTIAL);
  const material = await read(path);
  if (material === undefined) return undefined;
  if (material.length < LEAST_BYTES || material.length > MOST_BYTES) {
    throw new SecretKeyUnusableError(path, `it has ${material.length} bytes`);
  }
  return deriveKey(CONTEXT, material);
}

async function read(path: string): Promise<Uint8Array | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    if (!(await file.stat()).isFile()) throw new SecretKeyUnusableError(path, 'it is no file');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES + 1));
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    if (cause instanceof SecretKeyUnusableError) throw cause;
    if (isMissing(cause)) return undefined;
    throw new SecretKeyUnusableError(path, "it can't be read", { cause });
  }
}
