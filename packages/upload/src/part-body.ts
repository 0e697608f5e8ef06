import { Readable } from 'node:stream';
import { BLOCK_BYTES } from '@peer-cache/core';
import { BlockTurns, UNPACED } from '@peer-cache/bandwidth';
import type { Turn } from '@peer-cache/bandwidth';
import { TransferLeftError } from '@peer-cache/transport';

export interface PartBodyParts {
  /** So many bytes of the file, from there on. */
  readonly read: (startByte: number, bytes: number) => Promise<Uint8Array>;
  readonly turn: Turn;
  /** Ends it at once. */
  readonly signal: AbortSignal;
  /** Ends it at the next block's edge. */
  readonly leave: AbortSignal;
  /** `host:port` that it goes to. */
  readonly way: string;
  /** For the error that it then ends with. */
  readonly url: string;
  /** Goes out now. */
  readonly onBytes: (startByte: number, bytes: Uint8Array) => void;
}

/** Read from the disk at a time; each block of it goes out at its turn. */
const READ_BYTES = 4 * BLOCK_BYTES;

/** Bytes of a file as the body of a request: some at a time, each when they may go. */
export function partBody(
  parts: PartBodyParts,
  { startByte, endByte }: { readonly startByte: number; readonly endByte: number },
): Readable {
  return Readable.from(blocks(parts, startByte, endByte), { objectMode: false });
}

async function* blocks(
  parts: PartBodyParts,
  startByte: number,
  endByte: number,
): AsyncGenerator<Uint8Array> {
  const { read, turn, signal, leave, url } = parts;
  const patience = AbortSignal.any([signal, leave]);
  using turns = new BlockTurns(turn, { signal: patience });
  try {
    for (let atByte = startByte; atByte < endByte;) {
      const bytes = await read(atByte, Math.min(READ_BYTES, endByte - atByte));
      for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
        leave.throwIfAborted();
        await turns.begin();
        const block = bytes.subarray(at, at + BLOCK_BYTES);
        yield* slices(parts, { block, atByte: atByte + at, patience });
        turns.received(block.length);
        turns.end();
      }
      atByte += bytes.length;
    }
  } catch (error) {
    if (leave.aborted && !signal.aborted) throw new TransferLeftError(url);
    throw error;
  }
}

/** A block in as many pieces as it takes to disturb nobody. */
async function* slices(
  { turn, way, onBytes }: PartBodyParts,
  {
    block,
    atByte,
    patience,
  }: { readonly block: Uint8Array; readonly atByte: number; readonly patience: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const { pacing = UNPACED } = turn;
  for (let at = 0; at < block.length;) {
    const bytes = await pacing.send(way, block.length - at, { signal: patience });
    const slice = block.subarray(at, at + bytes);
    onBytes(atByte + at, slice);
    yield slice;
    at += bytes;
  }
}
