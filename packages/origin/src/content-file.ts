import { constants } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { hash } from '@peer-cache/core';
import { ContentChangedError } from './errors.ts';

/** Kernels stamp changes with a tick of 10 ms at most: two changes within one leave equal stamps. */
const SETTLE_MS = 20;
const ETAG_BYTES = 16;

/** An open file to be served or hashed, in the state that its ETag names. */
export class ContentFile implements AsyncDisposable {
  readonly path: string;
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Strong: see {@link etagOf}. */
  readonly etag: string;
  /** As they were when the file was opened. */
  readonly stats: BigIntStats;

  private constructor(path: string, handle: FileHandle, stats: BigIntStats) {
    this.path = path;
    this.handle = handle;
    this.sizeBytes = Number(stats.size);
    this.modifiedMs = Number(stats.mtimeMs);
    this.etag = etagOf(stats);
    this.stats = stats;
  }

  /**
   * Opens a regular file; undefined for a folder, device, pipe or symbolic link. One that was
   * changed just now is waited for until its next change would show in its time stamps.
   *
   * @throws what `open` throws, with its code.
   */
  static async open(path: string): Promise<ContentFile | undefined> {
    // Without O_NONBLOCK, opening a pipe would wait for its writer.
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    const handle = await open(path, flags);
    try {
      const stats = await settledStats(handle);
      if (stats.isFile()) return new ContentFile(path, handle, stats);
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return undefined;
  }

  /** @throws {ContentChangedError} when anything happened to the file since it was opened. */
  async assertSame(): Promise<void> {
    if (etagOf(await this.handle.stat({ bigint: true })) !== this.etag) {
      throw new ContentChangedError(this.path);
    }
  }

  /**
   * Like `assertSame`, but a file that was renamed, replaced by another or given other rights
   * while it is sent is still the bytes that its response promised.
   *
   * @throws {ContentChangedError} when the file was written to since it was opened.
   */
  async assertSameBytes(): Promise<void> {
    const { size, mtimeNs } = await this.handle.stat({ bigint: true });
    if (size !== this.stats.size || mtimeNs !== this.stats.mtimeNs) {
      throw new ContentChangedError(this.path);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close();
  }
}

/**
 * The strong ETag of a file in this state. Made from size, inode, modification and change time
 * and not from the bytes, so that it is known before a file is hashed and equal ever after. The
 * change time can't be set by programs: a file replaced by one of equal size and date (`cp -p`,
 * reproducible builds) gets another ETag. Hashed, so that it tells nothing about the disk.
 */
function etagOf({ size, ino, mtimeNs, ctimeNs }: BigIntStats): string {
  const digest = hash(Buffer.from(`${size} ${ino} ${mtimeNs} ${ctimeNs}`));
  return `"${Buffer.from(digest.subarray(0, ETAG_BYTES)).toString('hex')}"`;
}

async function settledStats(handle: FileHandle): Promise<BigIntStats> {
  const stats = await handle.stat({ bigint: true });
  const ageMs = Date.now() - Number(stats.ctimeMs);
  if (ageMs < 0 || ageMs >= SETTLE_MS) return stats;
  await delay(SETTLE_MS - ageMs);
  return handle.stat({ bigint: true });
}
