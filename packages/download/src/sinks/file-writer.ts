import type { FileHandle } from 'node:fs/promises';
import { fileError } from './file-error.ts';

interface Piece {
  readonly startByte: number;
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const WRITES_AT_ONCE = 2;
/** One system call's worth of buffers (IOV_MAX is 1024 on Linux, less elsewhere). */
const MOST_PIECES_PER_WRITE = 64;

/** Opens a queue of writes to a file that is open; `path` is what errors call it. */
export function openFileWriter(file: FileHandle, path: string): FileWriter {
  return new FileWriter(file, path);
}

/** Writes to an open file that somebody else closes: adjacent pieces that wait go out together. */
export class FileWriter {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #queue: Piece[] = [];
  readonly #writing = new Set<Promise<void>>();

  constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /**
   * Resolves when the bytes are with the operating system; they must not change until then.
   *
   * @throws {DiskFullError | TooManyFilesError | FileUnwritableError}
   */
  async write(startByte: number, bytes: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ startByte, bytes, resolve, reject });
    // Later in this turn, so that what arrives at once goes to the disk at once.
    queueMicrotask(() => this.#startWrites());
    await promise;
  }

  /** Resolves when every write that was asked for has succeeded or failed; never rejects. */
  async settled(): Promise<void> {
    this.#startWrites();
    while (this.#writing.size > 0) await Promise.allSettled(this.#writing);
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
