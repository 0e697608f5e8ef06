import { readlink, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { ContentFile } from './content-file.ts';
import { ContentUnreadableError, FolderNotFoundError } from './errors.ts';
import { isSidecarName, isTemporaryName } from './sidecar-name.ts';

export interface ServedFolderOptions {
  readonly folder: string;
  /** Never served, wherever it lies. */
  readonly stateFolder: string;
  /** Files and folders whose name begins with a dot; no unless asked for. */
  readonly areDotfilesServed?: boolean | undefined;
}

/** What the names in a request mean on a disk that has none of them. */
const MISSING: ReadonlySet<string | undefined> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ENAMETOOLONG',
  'ELOOP',
]);

/** A folder whose files strangers may name. */
export class ServedFolder {
  readonly #folder: string;
  readonly #stateFolder: string;
  readonly #areDotfilesServed: boolean;

  private constructor(folder: string, stateFolder: string, areDotfilesServed: boolean) {
    this.#folder = folder;
    this.#stateFolder = stateFolder;
    this.#areDotfilesServed = areDotfilesServed;
  }

  /** @throws {FolderNotFoundError} when there is no such folder. */
  static async open(options: ServedFolderOptions): Promise<ServedFolder> {
    const { folder, stateFolder, areDotfilesServed = false } = options;
    const realFolder = await realFolderOf(folder);
    const realStateFolder = await realpath(stateFolder).catch(() => stateFolder);
    return new ServedFolder(realFolder, realStateFolder, areDotfilesServed);
  }

  /**
   * Opens the file at `path`, which is decoded, relative and separated by slashes; undefined for
   * whatever is missing, no plain file, outside of the folder (by dots or symbolic links) or not
   * to be served.
   *
   * @throws {ContentUnreadableError} when the file exists and can't be opened.
   */
  async openFile(path: string): Promise<ContentFile | undefined> {
    if (!this.#isServed(path.split('/'))) return undefined;
    try {
      const realPath = await realpath(join(this.#folder, path));
      if (!this.#isRealPathServed(realPath) || !(await stat(realPath)).isFile()) return undefined;
      const file = await ContentFile.open(realPath);
      if (file === undefined || (await isAt(file, realPath))) return file;
      await file[Symbol.asyncDispose]();
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && MISSING.has(String(cause.code))) {
        return undefined;
      }
      throw new ContentUnreadableError(path, { cause });
    }
    return undefined;
  }

  /** Asked about the name in the request, then about the real one: a file system may fold case. */
  #isServed(parts: readonly string[]): boolean {
    const isServedDotfile = (part: string) => this.#areDotfilesServed && !isTemporaryName(part);
    return (
      parts.every(
        (part) => isPlainName(part) && (!part.startsWith('.') || isServedDotfile(part)),
      ) && !isSidecarName(parts.at(-1) ?? '')
    );
  }

  #isRealPathServed(realPath: string): boolean {
    if (!isInside(realPath, this.#folder) || isInside(realPath, this.#stateFolder)) return false;
    return this.#isServed(relative(this.#folder, realPath).split(sep));
  }
}

/**
 * The real path of a folder.
 *
 * @throws {FolderNotFoundError} when it is missing or no folder.
 */
export async function realFolderOf(folder: string): Promise<string> {
  try {
    const realFolder = await realpath(folder);
    if ((await stat(realFolder)).isDirectory()) return realFolder;
  } catch (cause) {
    throw new FolderNotFoundError(folder, { cause });
  }
  throw new FolderNotFoundError(folder);
}

/** Whether `path` lies in `folder`; both real paths. */
function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function isPlainName(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || name.includes('\0')) return false;
  // Backslash separates on Windows, a colon names a drive or a stream of a file.
  return !name.includes('\\') && !(sep === '\\' && name.includes(':'));
}

/**
 * Whether the open file still lies where it was looked for: a folder on the way may have become a
 * symbolic link in between. Linux can tell; elsewhere O_NOFOLLOW guards the last name only.
 */
async function isAt(file: ContentFile, realPath: string): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const openedPath = await readlink(`/proc/self/fd/${file.handle.fd}`).catch(() => realPath);
  // Linux says so of a file that another took the place of since: it was the right one.
  return openedPath.replace(/ \(deleted\)$/, '') === realPath;
}
