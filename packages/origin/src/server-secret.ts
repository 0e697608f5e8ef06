import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { serverSecretFrom } from '@peer-cache/core';
import type { Digest } from '@peer-cache/core';
import { ServerSecretUnsafeError, StateFolderUnusableError } from './errors.ts';

const SECRET_BYTES = 32;
const MOST_SECRET_BYTES = 4096;
const OTHERS_RIGHTS = 0o077;

/**
 * The server secret of a state folder, made of 32 random bytes on first use (mode 0600). Two that
 * start at once agree on one secret.
 *
 * @throws {ServerSecretUnsafeError} when others may read the file, another user owns it, it is no
 *   plain file or too short to be a secret.
 * @throws {StateFolderUnusableError} when the folder can't be made, read or written.
 */
export async function openServerSecret(stateFolder: string): Promise<Digest> {
  return (await findServerSecret(stateFolder)) ?? makeServerSecret(stateFolder);
}

/** Like {@link openServerSecret}, but undefined where there is none yet. */
export async function findServerSecret(stateFolder: string): Promise<Digest | undefined> {
  return inStateFolder(stateFolder, async () => {
    const secret = await readSecret(secretPath(stateFolder));
    return secret && serverSecretFrom(secret);
  });
}

async function makeServerSecret(stateFolder: string): Promise<Digest> {
  return inStateFolder(stateFolder, async () => {
    await mkdir(stateFolder, { recursive: true, mode: 0o700 });
    return serverSecretFrom(await makeSecret(stateFolder));
  });
}

async function inStateFolder<T>(stateFolder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ServerSecretUnsafeError) throw cause;
    throw new StateFolderUnusableError(stateFolder, { cause });
  }
}

function secretPath(stateFolder: string): string {
  return join(stateFolder, 'server-secret');
}

async function makeSecret(stateFolder: string): Promise<Uint8Array> {
  const path = secretPath(stateFolder);
  const temporary = join(stateFolder, `.server-secret-${randomBytes(8).toString('hex')}`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(randomBytes(SECRET_BYTES));
    await file.sync();
    // A link, and not a rename: it never replaces the secret that another process just made.
    await link(temporary, path).catch(unlessExists);
  } finally {
    await file.close();
    await rm(temporary, { force: true });
  }
  const secret = await readSecret(path);
  if (secret === undefined) throw new Error(`${path} vanished`);
  return secret;
}

async function readSecret(path: string): Promise<Uint8Array | undefined> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      if (error.code !== 'ELOOP') throw error;
      throw new ServerSecretUnsafeError(path, 'is a symbolic link', 'put the file itself there');
    },
  );
  if (file === undefined) return undefined;
  try {
    refuseUnsafe(path, await file.stat());
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function refuseUnsafe(path: string, stats: Stats): void {
  const refuse = (reason: string, remedy: string) => {
    throw new ServerSecretUnsafeError(path, reason, remedy);
  };
  if (!stats.isFile()) refuse('is no plain file', 'remove it, and a new one is made');
  if (stats.size < SECRET_BYTES || stats.size > MOST_SECRET_BYTES) {
    const limits = `${SECRET_BYTES} to ${MOST_SECRET_BYTES}`;
    refuse(`has ${stats.size} bytes, not ${limits}`, 'remove it, and a new one is made');
  }
  // Windows has neither modes nor numeric owners: there the folder's rights protect the file.
  if (process.getuid === undefined) return;
  if (stats.uid !== process.getuid()) {
    refuse(`belongs to user ${stats.uid}`, 'run as that user, or name another state folder');
  }
  if ((stats.mode & OTHERS_RIGHTS) !== 0) {
    const mode = (stats.mode & 0o777).toString(8);
    refuse(`may be read by others (mode ${mode})`, 'chmod 600 it, or remove it for a new one');
  }
}

function unlessExists(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
