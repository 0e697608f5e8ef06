import { constants } from 'node:fs';
import { lstat, open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileError, withFileErrors } from '@peer-cache/download';
import { isMissing } from '../missing-file.ts';
import type { TemporaryFile } from '../records.ts';
import { syncFolder } from '../sync-folder.ts';

export interface OpenedTemporary {
  readonly handle: FileHandle;
  readonly temporary: TemporaryFile;
  /** Whether it is the one of an earlier attempt, with what that left in it. */
  readonly isKnown: boolean;
}

/** A file name has at most 255 bytes; what is added takes 50 of them. */
const MOST_NAME_BYTES = 190;
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | NO_FOLLOW;
const PRIVATE_MODE = 0o600;

/**
 * Where a file's bytes lie until it gets its name: beside it, so that a rename will do, under a
 * name that nobody can guess before it is there.
 */
export function temporaryPath(
  path: string,
  { jobId, index }: { readonly jobId: string; readonly index: number },
  kind: 'part' | 'packed' = 'part',
): string {
  const name = Buffer.from(basename(path)).subarray(0, MOST_NAME_BYTES).toString();
  return join(dirname(path), `.${name}.${jobId}-${index}.${kind}`);
}

/**
 * Opens the temporary file of an earlier attempt, or makes a new one. Never follows a link, never
 * opens what somebody else put in its place.
 *
 * @throws {FileUnwritableError | DiskFullError}
 */
export async function openTemporary(
  path: string,
  known: TemporaryFile | undefined,
): Promise<OpenedTemporary> {
  const reopened = known && (await withFileErrors(path, () => reopen(known)));
  return reopened ?? (await makeTemporary(path));
}

/**
 * Makes a temporary file, for this user alone, whose name survives a power cut: or what is synced
 * and journaled of it could not be found again.
 *
 * @throws {FileUnwritableError | DiskFullError}
 */
export async function makeTemporary(path: string): Promise<OpenedTemporary> {
  // One that nobody knows of is left from a crash right after it was made, and empty of promises.
  await removeTemporary(path);
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, CREATE, PRIVATE_MODE);
    await syncFolder(dirname(path));
    const { dev: device, ino: inode } = await handle.stat();
    return { handle, temporary: { path, device, inode }, isKnown: false };
  } catch (cause) {
    await handle?.close();
    throw fileError(path, cause);
  }
}

/** Removes a temporary file; one that is not there is as good. */
export async function removeTemporary(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw fileError(path, error);
  }
}

/** Whether this very file still lies where it was. */
export async function isInPlace({ path, device, inode }: TemporaryFile): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  return stats?.isFile() === true && stats.dev === device && stats.ino === inode;
}

async function reopen(known: TemporaryFile): Promise<OpenedTemporary | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(known.path, constants.O_RDWR | NO_FOLLOW);
  } catch {
    // Gone, or a link now, or no longer ours to write: a new one is begun, which tells the rest.
    return undefined;
  }
  const stats = await handle.stat();
  const isSame = stats.isFile() && stats.dev === known.device && stats.ino === known.inode;
  if (isSame) return { handle, temporary: known, isKnown: true };
  await handle.close();
  return undefined;
}
