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
  const { turn, signal, leave, url } = parts;
  const patience = AbortSignal.any([signal, leave]);
  using turns = new BlockTurns(turn, { signal: patience });
  try {
    let atByte = startByte;
    for await (const bytes of readAhead(parts, { startByte, endByte })) {
      for (let at = 0; at < bytes.length;) {
        leave.throwIfAborted();
        const blocksLeft = Math.ceil((bytes.length - at) / BLOCK_BYTES);
        const run = bytes.subarray(at, at + (await turns.begin(blocksLeft)) * BLOCK_BYTES);
        yield* slices(parts, { run, atByte: atByte + at, patience });
        turns.received(run.length);
        turns.end();
        at += run.length;
      }
      atByte += bytes.length;
    }
  } catch (error) {
    if (leave.aborted && !signal.aborted) throw new TransferLeftError(url);
    throw error;
  }
}

/** What comes next is read while this goes out. */
async function* readAhead(
  { read }: PartBodyParts,
  { startByte, endByte }: { readonly startByte: number; readonly endByte: number },
): AsyncGenerator<Uint8Array> {
  const next = async (atByte: number): Promise<Uint8Array | undefined> =>
    atByte < endByte ? await read(atByte, Math.min(READ_BYTES, endByte - atByte)) : undefined;
  let coming = next(startByte);
  for (let atByte = startByte; ;) {
    const bytes = await coming;
    if (bytes === undefined) return;
    atByte += bytes.length;
    coming = next(atByte);
    // Whoever ends early does not ask what became of it.
    coming.catch(() => undefined);
    yield bytes;
  }
}

/** Some blocks in as many pieces as it takes to disturb nobody. */
async function* slices(
  { turn, way, onBytes }: PartBodyParts,
  {
    run,
    atByte,
    patience,
  }: { readonly run: Uint8Array; readonly atByte: number; readonly patience: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const { pacing = UNPACED } = turn;
  for (let at = 0; at < run.length;) {
    const bytes = await pacing.send(way, run.length - at, { signal: patience });
    const slice = run.subarray(at, at + bytes);
    onBytes(atByte + at, slice);
    yield slice;
    at += bytes;
  }
}
