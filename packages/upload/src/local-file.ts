import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { messageOf } from '@peer-cache/core';
import { LocalFileChangedError, LocalFileUnreadableError } from './errors.ts';

/** By what a file is known again; any write to it changes the time. */
export interface LocalFileState {
  readonly sizeBytes: number;
  /** Of its last change, in ns since 1970: more digits than a number has. */
  readonly modifiedNs: string;
  readonly inode: string;
}

/** A FIFO would let us wait for ever, a terminal would become ours. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * Opens a file that is to be sent.
 *
 * @throws {LocalFileUnreadableError} also for what is no regular file
 */
export async function openLocalFile(path: string): Promise<LocalFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, FLAGS);
  } catch (cause) {
    throw new LocalFileUnreadableError(path, messageOf(cause), { cause });
  }
  try {
    return new LocalFile(path, handle, await stateOf(path, handle));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A file as it was when it was opened; whoever reads learns when it is another. */
export class LocalFile implements AsyncDisposable {
  readonly path: string;
  readonly state: LocalFileState;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle, state: LocalFileState) {
    this.path = path;
    this.#handle = handle;
    this.state = state;
  }

  /**
   * Fills it with the bytes from there on, and gives it back.
   *
   * @throws {LocalFileChangedError} when there are fewer by now
   */
  async read(startByte: number, into: Uint8Array): Promise<Uint8Array> {
    for (let at = 0; at < into.length;) {
      const bytesRead = await this.#readOnce(into, at, startByte);
      if (bytesRead === 0) throw new LocalFileChangedError(this.path);
      at += bytesRead;
    }
    return into;
  }

  /** @throws {LocalFileChangedError} when it was written to since it was opened */
  async check(): Promise<void> {
    if (!isSameState(this.state, await stateOf(this.path, this.#handle))) {
      throw new LocalFileChangedError(this.path);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #readOnce(into: Uint8Array, at: number, startByte: number): Promise<number> {
    try {
      return (await this.#handle.read(into, at, into.length - at, startByte + at)).bytesRead;
    } catch (cause) {
      throw new LocalFileUnreadableError(this.path, messageOf(cause), { cause });
    }
  }
}

export function isSameState(one: LocalFileState, other: LocalFileState): boolean {
  return (
    one.sizeBytes === other.sizeBytes &&
    one.modifiedNs === other.modifiedNs &&
    one.inode === other.inode
  );
}

async function stateOf(path: string, handle: FileHandle): Promise<LocalFileState> {
  const stat = await handle.stat({ bigint: true });
  if (!stat.isFile()) throw new LocalFileUnreadableError(path, 'it is no regular file');
  return {
    sizeBytes: Number(stat.size),
    modifiedNs: stat.mtimeNs.toString(),
    inode: `${stat.dev}:${stat.ino}`,
  };
}
