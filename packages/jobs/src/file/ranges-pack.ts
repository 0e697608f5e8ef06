import type { FileHandle } from 'node:fs/promises';
import { MIB } from '@peer-cache/core';
import { fileError } from '@peer-cache/download';
import type { RequestedRange } from '@peer-cache/protocol';
import type { TemporaryFile } from '../records.ts';
import { makeTemporary } from './temporary-file.ts';

const PIECE_BYTES = 1 * MIB;

/** A file that holds the wanted ranges of another, one after the other in their order. */
export interface PackedFile {
  readonly handle: FileHandle;
  readonly temporary: TemporaryFile;
  readonly sizeBytes: number;
}

/**
 * Copies the ranges of `source` into a new file at `path`, as BITS packs them (RNG-01). Not synced.
 *
 * @throws {FileUnwritableError | DiskFullError}
 */
export async function packRanges(
  source: FileHandle,
  {
    path,
    ranges,
    contentBytes,
  }: {
    readonly path: string;
    readonly ranges: readonly RequestedRange[];
    readonly contentBytes: number;
  },
): Promise<PackedFile> {
  const { handle, temporary } = await makeTemporary(path);
  try {
    let sizeBytes = 0;
    for (const { startByte, endByte = contentBytes } of ranges) {
      await copyRange(source, handle, { startByte, endByte, toByte: sizeBytes });
      sizeBytes += endByte - startByte;
    }
    return { handle, temporary, sizeBytes };
  } catch (cause) {
    await handle.close();
    throw fileError(path, cause);
  }
}

async function copyRange(
  source: FileHandle,
  target: FileHandle,
  { startByte, endByte, toByte }: { startByte: number; endByte: number; toByte: number },
): Promise<void> {
  const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, endByte - startByte));
  let at = startByte;
  while (at < endByte) {
    const { bytesRead } = await source.read(piece, 0, Math.min(piece.length, endByte - at), at);
    if (bytesRead === 0) throw new Error(`the temporary file ends at byte ${at}`);
    let written = 0;
    while (written < bytesRead) {
      const place = toByte + at - startByte + written;
      written += (await target.write(piece, written, bytesRead - written, place)).bytesWritten;
    }
    at += bytesRead;
  }
}
