import { mkdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isMissing, systemCode } from './errors.ts';
import { sealedOffset } from './sealed-layout.ts';
import type { PlacedBlock } from './sealed-layout.ts';

/** Makes a folder, and those it lies in, for this user alone where they don't exist yet. */
export async function makeFolder(path: string): Promise<void> {
  // Not mkdir's own recursion: on a read-only disk Node 24 then fails with ENOENT, not EROFS.
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return;
    if (!isMissing(error)) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
}

/** Writes blocks to their places in a segment file, adjacent ones in one call and without a copy. */
export async function writeBlocks(file: FileHandle, blocks: readonly PlacedBlock[]): Promise<void> {
  for (const { firstBlock, sealed } of adjacentRuns(blocks)) {
    await writeFully(file, sealed, sealedOffset(firstBlock));
  }
}

/** Fills `bytes` from `position` on; gives how many there were before the file's end or rot. */
export async function readFully(
  file: FileHandle,
  bytes: Buffer,
  position: number,
): Promise<number> {
  let filled = 0;
  try {
    while (filled < bytes.length) {
      const left = bytes.length - filled;
      const { bytesRead } = await file.read(bytes, filled, left, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
  } catch (error) {
    // A sector that can't be read is a damaged block like any other.
    if (systemCode(error) !== 'EIO') throw error;
  }
  return filled;
}

interface WritableRun {
  readonly firstBlock: number;
  readonly sealed: Uint8Array[];
}

/** Blocks grouped into adjacent ones, in the order of their places; none may come twice. */
export function adjacentRuns(blocks: readonly PlacedBlock[]): WritableRun[] {
  const runs: WritableRun[] = [];
  for (const { blockIndex, sealed } of blocks.toSorted((a, b) => a.blockIndex - b.blockIndex)) {
    const run = runs.at(-1);
    if (run && run.firstBlock + run.sealed.length === blockIndex) run.sealed.push(sealed);
    else runs.push({ firstBlock: blockIndex, sealed: [sealed] });
  }
  return runs;
}

async function writeFully(
  file: FileHandle,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let rest = buffers;
  let at = position;
  while (rest.length > 0) {
    // A disk that fills up in the middle takes a part, and fails only at the next call.
    const { bytesWritten } = await file.writev(rest, at);
    at += bytesWritten;
    rest = dropBytes(rest, bytesWritten);
  }
}

function dropBytes(buffers: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count;
  for (const [index, buffer] of buffers.entries()) {
    if (left < buffer.length) return [buffer.subarray(left), ...buffers.slice(index + 1)];
    left -= buffer.length;
  }
  return [];
}
