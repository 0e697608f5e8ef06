import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, link, lstat, mkdir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { UploadNameRefusedError, UploadNameTakenError } from './upload-errors.ts';
import { partsOfName } from './upload-name.ts';
import { syncFolder } from './upload-sessions.ts';

const DEFAULT_MODE = 0o666;

export interface Placing {
  /** Where the bytes are now; they stay there. */
  readonly dataPath: string;
  readonly uploadsFolder: string;
  readonly name: string;
  readonly overwrite: boolean;
}

/**
 * Gives a file its name, in one step: there is never half of it, and nothing is replaced unless that
 * is allowed. Done twice it is done once.
 *
 * @throws {UploadNameTakenError | UploadNameRefusedError}
 */
export async function placeUpload(placing: Placing): Promise<void> {
  const { dataPath, uploadsFolder, name, overwrite } = placing;
  const parts = partsOfName(name);
  const folder = await openFolders(uploadsFolder, parts.slice(0, -1));
  const target = join(folder, parts.at(-1) ?? '');
  const existing = await lstat(target).catch(() => undefined);
  const data = await lstat(dataPath);
  // A crash came right after the link: the file that is there is this one.
  if (existing?.ino === data.ino && existing.dev === data.dev) return;
  refuseTaken(existing, overwrite);
  // What nobody else could read while it came gets the rights of any new file.
  await chmod(dataPath, DEFAULT_MODE & ~process.umask());
  if (overwrite) await replace(dataPath, target);
  else await linkAnew(dataPath, target);
  await syncFolder(folder);
}

/**
 * Whether the name could be given now, looked at before anybody sends a byte.
 *
 * @throws {UploadNameTakenError | UploadNameRefusedError}
 */
export async function checkPlace(
  uploadsFolder: string,
  name: string,
  { overwrite }: { readonly overwrite: boolean },
): Promise<void> {
  let at = uploadsFolder;
  const parts = partsOfName(name);
  for (const part of parts.slice(0, -1)) {
    at = join(at, part);
    const stats = await lstat(at).catch(() => undefined);
    if (stats === undefined) return;
    refuseOther(stats);
  }
  refuseTaken(await lstat(join(at, parts.at(-1) ?? '')).catch(() => undefined), overwrite);
}

/** A link is none: it may lead anywhere. */
function refuseOther(stats: Stats): void {
  if (!stats.isDirectory()) throw new UploadNameRefusedError('a part of its path is no folder');
}

function refuseTaken(existing: Stats | undefined, overwrite: boolean): void {
  if (existing === undefined || (overwrite && existing.isFile())) return;
  throw new UploadNameTakenError();
}

/** SHA-256 of a file, as `Repr-Digest` has it (RFC 9530). */
export async function digestOf(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) {
    hash.update(chunk);
  }
  return `sha-256=:${hash.digest('base64')}:`;
}

/** Makes what folders are missing; a link to elsewhere is none. */
async function openFolders(base: string, parts: readonly string[]): Promise<string> {
  let at = base;
  for (const part of parts) {
    const next = join(at, part);
    await mkdir(next).catch((error: unknown) => {
      if (!isCode(error, 'EEXIST')) throw error;
    });
    refuseOther(await lstat(next));
    await syncFolder(at);
    at = next;
  }
  return at;
}

/** Fails where there is something by that name, in the same step. */
async function linkAnew(dataPath: string, target: string): Promise<void> {
  try {
    await link(dataPath, target);
  } catch (cause) {
    if (isCode(cause, 'EEXIST')) throw new UploadNameTakenError();
    throw cause;
  }
}

async function replace(dataPath: string, target: string): Promise<void> {
  const second = `${dataPath}.link`;
  await rm(second, { force: true });
  await link(dataPath, second);
  await rename(second, target);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
