import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, rename, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DiskFullError, FileExistsError, FileUnwritableError, messageOf } from './errors.ts';
import type { ContentSink } from './sink.ts';

interface Piece {
  readonly startByte: number;
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const WRITES_AT_ONCE = 2;
/** One system call's worth of buffers (IOV_MAX is 1024 on Linux, less elsewhere). */
const MOST_PIECES_PER_WRITE = 64;
const DEFAULT_MODE = 0o666;
const FULL = new Set(['ENOSPC', 'EDQUOT']);

/**
 * A file that appears under its name only when it is whole: written beside it, then renamed. What
 * is not committed is removed when the sink is disposed of.
 *
 * @throws {FileExistsError} when there is a file and `overwrite` is false
 * @throws {FileUnwritableError | DiskFullError}
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
  try {
    return new FileSink(path, temporary, await open(temporary, flags, 0o600));
  } catch (cause) {
    throw fileError(path, cause);
  }
}

export class FileSink implements ContentSink, AsyncDisposable {
  readonly horizonByte: number = Infinity;
  readonly keepsBytes = false;
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: FileHandle;
  readonly #queue: Piece[] = [];
  readonly #writing = new Set<Promise<void>>();
  #isGone = false;

  constructor(path: string, temporary: string, file: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  /** Adjacent pieces that wait together are written together. */
  async write(startByte: number, bytes: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ startByte, bytes, resolve, reject });
    // Later in this turn, so that what arrives at once goes to the disk at once.
    queueMicrotask(() => this.#startWrites());
    await promise;
  }

  async restart(): Promise<void> {
    await Promise.allSettled(this.#writing);
    await this.#file.truncate(0).catch((cause: unknown) => {
      throw fileError(this.#path, cause);
    });
  }

  /** Gives the file its name. All writes must have resolved. */
  async commit(): Promise<void> {
    try {
      const replaced = await stat(this.#path).catch(() => undefined);
      const mode = replaced?.isFile() ? replaced.mode : DEFAULT_MODE & ~process.umask();
      await this.#file.chmod(mode & 0o7777);
      await this.#file.close();
      await rename(this.#temporary, this.#path);
      this.#isGone = true;
    } catch (cause) {
      throw fileError(this.#path, cause);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#writing);
    if (this.#isGone) return;
    this.#isGone = true;
    await this.#file.close().catch(() => undefined);
    await unlink(this.#temporary).catch(() => undefined);
  }

  #startWrites(): void {
    while (this.#queue.length > 0 && this.#writing.size < WRITES_AT_ONCE) {
      const pieces = takeAdjacent(this.#queue);
      const writing = this.#writeOut(pieces).finally(() => {
        this.#writing.delete(writing);
        this.#startWrites();
      });
      this.#writing.add(writing);
    }
  }

  async #writeOut(pieces: readonly Piece[]): Promise<void> {
    const [first] = pieces;
    if (first === undefined) return;
    const buffers = pieces.map(({ bytes }) => bytes);
    try {
      await writeAll(this.#file, buffers, first.startByte);
      for (const { resolve } of pieces) resolve();
    } catch (cause) {
      const error = fileError(this.#path, cause);
      for (const { reject } of pieces) reject(error);
    }
  }
}

/** Takes the first piece and those that follow on from it, wherever they stand in the queue. */
function takeAdjacent(queue: Piece[]): Piece[] {
  queue.sort((a, b) => a.startByte - b.startByte);
  let count = 1;
  while (count < queue.length && count < MOST_PIECES_PER_WRITE) {
    const last = queue[count - 1];
    if (last === undefined || queue[count]?.startByte !== last.startByte + last.bytes.length) break;
    count++;
  }
  return queue.splice(0, count);
}

async function writeAll(
  file: FileHandle,
  buffers: readonly Uint8Array[],
  startByte: number,
): Promise<void> {
  const { bytesWritten } = await file.writev(buffers, startByte);
  const wantedBytes = buffers.reduce((sum, { length }) => sum + length, 0);
  if (bytesWritten === wantedBytes) return;
  // A disk that fills up takes a part; asking for the rest brings the error.
  const rest = Buffer.concat(buffers).subarray(bytesWritten);
  await writeAll(file, [rest], startByte + bytesWritten);
}

function fileError(path: string, cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (FULL.has(code)) return new DiskFullError(path, { cause });
  const reason = code === 'ENOENT' ? 'its folder does not exist' : messageOf(cause);
  return new FileUnwritableError(path, reason, { cause });
}
