import { randomBytes } from 'node:crypto';
import { link, lstat, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { PrivateFileError } from './errors.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * Makes a folder that only this user can enter, or checks that the one that is there is such.
 *
 * @throws {PrivateFileError} when it is someone else's, a link, or no folder.
 */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await mkdir(path, { mode: FOLDER_MODE });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
  // lstat: in a folder that others can write to, a link would lead us where they like.
  const stats = await lstat(path);
  if (!stats.isDirectory()) throw new PrivateFileError(path, 'it is no folder; remove it');
  checkOwner(path, stats);
}

/**
 * Reads a secret of `sizeBytes` random bytes that only this user may read, made on first use. Two
 * processes that come at the same moment read the same one.
 *
 * @throws {PrivateFileError} when others may read it, or it has another size.
 */
export async function privateRandomBytes(path: string, sizeBytes: number): Promise<Uint8Array> {
  const found = await readPrivate(path);
  if (found !== undefined) return checkSize(path, found, sizeBytes);
  await makePrivateFolder(dirname(path));
  await createOnce(path, randomBytes(sizeBytes));
  const made = await readPrivate(path);
  return checkSize(path, made ?? new Uint8Array(), sizeBytes);
}

/** Whether `error` is the system's, with this code (`ENOENT`…). */
export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

async function readPrivate(path: string): Promise<Uint8Array | undefined> {
  try {
    const stats = await lstat(path);
    if (!stats.isFile()) throw new PrivateFileError(path, 'it is no regular file; remove it');
    checkOwner(path, stats);
    return await readFile(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Puts a whole file in place, or leaves the one that somebody else was quicker to put there. */
async function createOnce(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(temporary, 'wx', FILE_MODE);
  try {
    await file.writeFile(bytes);
    await file.sync();
    await link(temporary, path);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  } finally {
    await file.close();
    await unlink(temporary);
  }
}

function checkSize(path: string, bytes: Uint8Array, sizeBytes: number): Uint8Array {
  if (bytes.length === sizeBytes) return bytes;
  const reason = `it has ${bytes.length} bytes instead of ${sizeBytes}; remove it to get a new one`;
  throw new PrivateFileError(path, reason);
}

/** Rights are never repaired here: whoever could enter may have been in already. */
function checkOwner(path: string, { uid, mode }: { uid: number; mode: number }): void {
  // Windows has access lists instead; a user's own folders are private there by default.
  if (process.getuid === undefined) return;
  if (uid !== process.getuid()) throw new PrivateFileError(path, `user ${uid} owns it`);
  if ((mode & 0o077) !== 0) {
    throw new PrivateFileError(path, `others have rights to it; run: chmod go= ${path}`);
  }
}
