import { constants } from 'node:fs';
import { link, lstat, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import {
  FileExistsError,
  fileError,
  FileUnwritableError,
  withFileErrors,
} from '@peer-cache/download';
import { TemporaryFileLostError } from '../errors.ts';
import { isMissing } from '../missing-file.ts';
import type { FileRecord, TemporaryFile } from '../records.ts';
import { syncFolder } from '../sync-folder.ts';
import { isInPlace, removeTemporary, temporaryPath } from './temporary-file.ts';

const DEFAULT_MODE = 0o666;
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
/** File systems without hard links (FAT, some network ones) say one of these. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Gives a transferred file its name, so that a power cut leaves either the old or the new file
 * under it, never half of one. May be called again after a crash: it then finds out how far it
 * came.
 *
 * @throws {FileExistsError} when there is another file and it may not be replaced
 * @throws {TemporaryFileLostError} when the bytes are no longer where they were
 * @throws {FileUnwritableError | DiskFullError}
 */
export async function releaseFile(
  file: FileRecord,
  { overwrite }: { readonly overwrite: boolean },
): Promise<void> {
  const { path, temporary } = file;
  if (temporary === undefined) throw new TemporaryFileLostError(path);
  if (await isInPlace(temporary)) {
    await takeOffPrivacy(temporary, path, overwrite);
    await (overwrite ? replace(temporary, path) : placeAnew(temporary, path));
  } else if (!(await isInPlace({ ...temporary, path }))) {
    throw new TemporaryFileLostError(path);
  }
  await syncName(path);
  // What is left of it under another name, and the source of packed ranges.
  await dropTemporaries(file);
}

/** Removes whatever a file of a job has left beside its place, so that no power cut brings it back. */
export async function dropTemporaries(file: FileRecord): Promise<void> {
  const { path } = file;
  await removeTemporary(temporaryPath(path, file));
  await removeTemporary(temporaryPath(path, file, 'packed'));
  try {
    await syncFolder(dirname(path));
  } catch (cause) {
    // With its folder it is gone as well.
    if (!isMissing(cause)) throw fileError(path, cause);
  }
}

/** Before the other name is removed: a power cut may take the one and leave the other's removal. */
async function syncName(path: string): Promise<void> {
  await withFileErrors(path, () => syncFolder(dirname(path)));
}

/** What was readable to nobody else while it came gets the rights of any new file. */
async function takeOffPrivacy(
  temporary: TemporaryFile,
  path: string,
  overwrite: boolean,
): Promise<void> {
  await withFileErrors(path, async () => {
    await using handle = await open(temporary.path, READ);
    const replaced = overwrite ? await lstat(path).catch(() => undefined) : undefined;
    const mode = replaced?.isFile() === true ? replaced.mode : DEFAULT_MODE & ~process.umask();
    // Whoever runs the file must not become another user by what came from elsewhere.
    await handle.chmod(mode & 0o777);
  });
}

async function replace(temporary: TemporaryFile, path: string): Promise<void> {
  const existing = await lstat(path).catch(() => undefined);
  if (existing?.isDirectory() === true) throw new FileUnwritableError(path, 'it is a folder');
  await withFileErrors(path, () => rename(temporary.path, path));
}

/**
 * By a link, which fails where there is a file already, in one step that nothing comes between. The
 * file keeps its other name for now.
 */
async function placeAnew(temporary: TemporaryFile, path: string): Promise<void> {
  try {
    await link(temporary.path, path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code === 'EEXIST') {
      // A crash may have come right after the link: then the file that exists is our own.
      if (await isInPlace({ ...temporary, path })) return;
      throw new FileExistsError(path);
    }
    if (!NO_LINKS.has(code)) throw fileError(path, cause);
    const existing = await lstat(path).catch(() => undefined);
    if (existing !== undefined) throw new FileExistsError(path);
    await replace(temporary, path);
  }
}
