import { read } from 'node:fs';
import { promisify } from 'node:util';
import { MIB } from '@peer-cache/core';

const PIECE_BYTES = MIB;
/** Measured: reads of 1 MiB, four in flight, are as fast as reading where it blocks. */
const READS_IN_FLIGHT = 4;
const readAt = promisify(read);

/**
 * Reads the first `sizeBytes` of an open file in order, some reads ahead. Each piece is good
 * until the next is asked for: the buffers are used again. Ends early where the file does.
 */
export async function* readPieces(fd: number, sizeBytes: number): AsyncGenerator<Uint8Array> {
  const pieces = Math.ceil(sizeBytes / PIECE_BYTES);
  const slots = Math.min(READS_IN_FLIGHT, pieces);
  const buffers = Array.from({ length: slots }, () =>
    Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, sizeBytes)),
  );
  const reads = buffers.map((buffer, index) => startRead(fd, buffer, index, sizeBytes));
  try {
    for (let index = 0; index < pieces; index++) {
      const slot = index % slots;
      const piece = await reads[slot];
      if (piece === undefined || piece.length === 0) return;
      yield piece;
      const buffer = buffers[slot];
      if (buffer !== undefined && index + slots < pieces) {
        reads[slot] = startRead(fd, buffer, index + slots, sizeBytes);
      }
    }
  } finally {
    // The caller closes the file next, and its number may then name another file.
    await Promise.allSettled(reads);
  }
}

function startRead(
  fd: number,
  buffer: Buffer,
  index: number,
  sizeBytes: number,
): Promise<Uint8Array> {
  const position = index * PIECE_BYTES;
  const piece = fill(fd, buffer.subarray(0, Math.min(PIECE_BYTES, sizeBytes - position)), position);
  // A read that fails is awaited in its turn; until then it must not count as unhandled.
  piece.catch(() => {});
  return piece;
}

async function fill(fd: number, buffer: Buffer, position: number): Promise<Uint8Array> {
  let filled = 0;
  while (filled < buffer.length) {
    const length = buffer.length - filled;
    const { bytesRead } = await readAt(fd, buffer, filled, length, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
