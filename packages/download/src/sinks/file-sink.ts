import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, rename, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FileExistsError, FileUnwritableError } from '../errors.ts';
import { withFileErrors } from './file-error.ts';
import { openFileWriter } from './file-writer.ts';
import type { FileWriter } from './file-writer.ts';
import { NOTHING_KEPT } from './kept-blocks.ts';
import type { KeptBlocks } from './kept-blocks.ts';
import type { ContentSink } from './sink.ts';

const DEFAULT_MODE = 0o666;

/**
 * A file that appears under its name only when it is whole: written beside it, then renamed. What
 * is not committed is removed when the sink is disposed of.
 *
 * @throws {FileExistsError} when there is a file and `overwrite` is false
 * @throws {FileUnwritableError | DiskFullError | TooManyFilesError}
 */
export async function openFileSink(
  path: string,
  { overwrite }: { readonly overwrite: boolean },
): Promise<FileSink> {
  const existing = await lstat(path).catch(() => undefined);
  if (existing !== undefined && !overwrite) throw new FileExistsError(path);
  if (existing?.isFile() === false && !existing.isSymbolicLink()) {
    throw new FileUnwritableError(path, 'it is not a regular file');
  }
  const name = `.${basename(path).slice(0, 200)}.${randomBytes(4).toString('hex')}.part`;
  const temporary = join(dirname(path), name);
  // Made by us alone, never opened through somebody's link, readable to nobody else until whole.
  const flags =
    constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | (constants.O_NOFOLLOW ?? 0);
  const file = await withFileErrors(path, () => open(temporary, flags, 0o600));
  return new FileSink(path, temporary, file);
}

export class FileSink implements ContentSink, AsyncDisposable {
  readonly horizonByte: number = Infinity;
  readonly keepsBytes = false;
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: FileHandle;
  readonly #writer: FileWriter;
  #isUsed = false;
  #isGone = false;

  constructor(path: string, temporary: string, file: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
    this.#writer = openFileWriter(file, path);
  }

  /** Keeps nothing: the file is new, and emptied where it has to begin again. */
  async begin(): Promise<KeptBlocks> {
    if (this.#isUsed) await this.#empty();
    this.#isUsed = true;
    return NOTHING_KEPT;
  }

  async write(startByte: number, bytes: Uint8Array): Promise<void> {
    await this.#writer.write(startByte, bytes);
  }

  /** Gives the file its name. All writes must have resolved. */
  async commit(): Promise<void> {
    await withFileErrors(this.#path, async () => {
      const replaced = await stat(this.#path).catch(() => undefined);
      const mode = replaced?.isFile() ? replaced.mode : DEFAULT_MODE & ~process.umask();
      await this.#file.chmod(mode & 0o7777);
      await this.#file.close();
      await rename(this.#temporary, this.#path);
      this.#isGone = true;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.settled();
    if (this.#isGone) return;
    this.#isGone = true;
    await this.#file.close().catch(() => undefined);
    await unlink(this.#temporary).catch(() => undefined);
  }

  async #empty(): Promise<void> {
    await this.#writer.settled();
    await withFileErrors(this.#path, () => this.#file.truncate(0));
  }
}
