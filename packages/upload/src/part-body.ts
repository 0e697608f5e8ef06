import { BlockTurns, UNPACED } from '@peer-cache/bandwidth';
import { BLOCK_BYTES } from '@peer-cache/core';
import { shownUrl, TransferLeftError } from '@peer-cache/transport';
import type { LocalFile } from './local-file.ts';
import { ReadBuffers } from './read-buffers.ts';
import type { UploadJourney } from './upload-journey.ts';
import { wayTo } from './way-probe.ts';

/** What one request brings of a file, and where to. */
export interface SentRange {
  readonly url: string;
  readonly startByte: number;
  readonly endByte: number;
  /** Ends it at once; the journey's own, unless given. */
  readonly signal?: AbortSignal | undefined;
  /** Its bytes, where they are in memory already; read from the file otherwise. */
  readonly held?: Uint8Array | undefined;
  /** Fills it from there on; the file's own, unless given. */
  readonly read?: LocalFile['read'] | undefined;
  /** Told what goes out. */
  readonly onBytes?: ((startByte: number, bytes: Uint8Array) => void) | undefined;
}

/** Read from the disk at a time; each block of it goes out at its turn. */
const READ_BYTES = 4 * BLOCK_BYTES;

/**
 * Bytes of a file as the body of a request: some at a time, each when they may go. Left, it ends at
 * the next block's edge, with a {@link TransferLeftError}. Whoever asks for the next bytes has sent
 * these, as {@link ReadBuffers} needs it.
 */
export async function* partBody(
  journey: UploadJourney,
  range: SentRange,
): AsyncGenerator<Uint8Array> {
  const { turn, leave, target } = journey;
  const { signal = journey.signal } = range;
  const patience = AbortSignal.any([signal, leave]);
  using turns = new BlockTurns(turn, { signal: patience });
  try {
    let atByte = range.startByte;
    for await (const bytes of readAhead(journey, range)) {
      for (let at = 0; at < bytes.length;) {
        leave.throwIfAborted();
        const blocksLeft = Math.ceil((bytes.length - at) / BLOCK_BYTES);
        const run = bytes.subarray(at, at + (await turns.begin(blocksLeft)) * BLOCK_BYTES);
        for await (const slice of slices(journey, run, { url: range.url, signal: patience })) {
          range.onBytes?.(atByte, slice);
          journey.progress.sent(slice.length);
          atByte += slice.length;
          yield slice;
        }
        turns.received(run.length);
        turns.end();
        at += run.length;
      }
    }
  } catch (error) {
    if (leave.aborted && !signal.aborted) throw new TransferLeftError(shownUrl(target));
    throw error;
  }
}

/** What comes next is read while this goes out. */
async function* readAhead(
  { file }: UploadJourney,
  { startByte, endByte, held, read = (at, into) => file.read(at, into) }: SentRange,
): AsyncGenerator<Uint8Array> {
  if (held !== undefined) {
    for (let at = 0; at < held.length; at += READ_BYTES) yield held.subarray(at, at + READ_BYTES);
    return;
  }
  const buffers = new ReadBuffers(Math.min(READ_BYTES, endByte - startByte));
  const next = async (atByte: number): Promise<Uint8Array | undefined> =>
    atByte < endByte ? await read(atByte, buffers.next(endByte - atByte)) : undefined;
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
  { turn: { pacing = UNPACED } }: UploadJourney,
  run: Uint8Array,
  { url, signal }: { readonly url: string; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < run.length;) {
    const bytes = await pacing.send(wayTo(url), run.length - at, { signal });
    yield run.subarray(at, at + bytes);
    at += bytes;
  }
}
