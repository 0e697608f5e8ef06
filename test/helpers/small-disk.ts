import { execFile } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { BLOCK_BYTES } from '@peer-cache/core';

const run = promisify(execFile);

/** Why there can be no small disk here, or undefined if there can. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== 'linux') return 'small disks need Linux';
  return process.getuid?.() === 0 ? undefined : 'small disks need root';
}

/** A disk in memory, gone when disposed. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Takes all its room but about so much. */
  fill(leftBytes?: number): Promise<void>;
  /** Gives it back. */
  free(): Promise<void>;
}

export async function mountSmallDisk(path: string, sizeBytes: number): Promise<SmallDisk> {
  await mkdir(path);
  await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', path]);
  const ballast = join(path, 'ballast');
  return {
    path,
    async fill(leftBytes = 0) {
      await using file = await open(ballast, 'w');
      const filledBytes = await writeUntilFull(file);
      await file.truncate(Math.max(0, filledBytes - leftBytes));
    },
    free: async () => await rm(ballast, { force: true }),
    async [Symbol.asyncDispose]() {
      await run('umount', [path]);
    },
  };
}

/** Gives how much went in. */
async function writeUntilFull(file: FileHandle): Promise<number> {
  const piece = Buffer.alloc(BLOCK_BYTES / 16);
  for (let filledBytes = 0; ;) {
    try {
      filledBytes += (await file.write(piece)).bytesWritten;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return filledBytes;
      throw error;
    }
  }
}
