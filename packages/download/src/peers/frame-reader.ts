import {
  blockBytes,
  blockCount,
  BLOCK_HASH_LIST_INDEX,
  blockHashListBytes,
  SEAL_BYTES,
  SEALED_BLOCK_BYTES,
} from '@peer-cache/core';
import {
  decodeFrameHeader,
  FRAME_HEADER_BYTES,
  MalformedMessageError,
  MOST_RESPONSE_BYTES,
} from '@peer-cache/protocol';
import type { BlockRun, FrameHeader } from '@peer-cache/protocol';
import type { FrameBuffers } from './frame-buffers.ts';

/** What one segment of a blocks request asked for: frames that answer more than that are refused. */
export interface ExpectedFrames {
  readonly sizeBytes: number;
  readonly runs: readonly BlockRun[];
  readonly wantsBlockHashList: boolean;
}

/** Gets each sealed block or block hash list of segment `index` of the request. */
export type OnSealed = (index: number, item: SealedItem) => void;

export interface SealedItem {
  /** BLOCK_HASH_LIST_INDEX for a block hash list. */
  readonly blockIndex: number;
  readonly sealed: Buffer;
  /** Gives the memory back: to be called at most once, when `sealed` is no longer used. */
  readonly release: () => void;
}

/** The longest body of an honest answer: what was asked for and its frame headers. */
export function mostAnswerBytes(expected: readonly ExpectedFrames[]): number {
  let frames = 0;
  for (const { runs } of expected) {
    // In the worst case every block comes in a frame of its own.
    for (const { count } of runs) frames += count;
    frames += 1;
  }
  return MOST_RESPONSE_BYTES + frames * FRAME_HEADER_BYTES;
}

/**
 * Takes the body of a blocks answer as it arrives and gives out each sealed block as soon as it is
 * whole. Nothing is allocated on the word of a frame header before it was compared with the request.
 */
export class FrameReader {
  readonly #expected: readonly ExpectedFrames[];
  readonly #onSealed: OnSealed;
  readonly #buffers: FrameBuffers;
  readonly #headerBytes: Buffer = Buffer.alloc(FRAME_HEADER_BYTES);
  #gotBytes = 0;
  #header: FrameHeader | undefined;
  #frame: Buffer = this.#headerBytes;
  #release: () => void = () => undefined;
  #blockStart = 0;
  #blockIndex = 0;
  #blockEnd = 0;

  constructor(
    expected: readonly ExpectedFrames[],
    { onSealed, buffers }: { readonly onSealed: OnSealed; readonly buffers: FrameBuffers },
  ) {
    this.#expected = expected;
    this.#onSealed = onSealed;
    this.#buffers = buffers;
  }

  /** @throws {MalformedMessageError} for a frame that nobody asked for. */
  read(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const taken = Math.min(bytes.length - at, this.#frame.length - this.#gotBytes);
      this.#frame.set(bytes.subarray(at, at + taken), this.#gotBytes);
      this.#gotBytes += taken;
      at += taken;
      if (this.#header === undefined) this.#startFrame();
      else this.#giveOut(this.#header);
    }
  }

  /** @throws {MalformedMessageError} when the body ended within a frame. */
  end(): void {
    if (this.#header !== undefined || this.#gotBytes > 0) {
      throw new MalformedMessageError('blocks answer', 'it ends within a frame');
    }
  }

  #startFrame(): void {
    if (this.#gotBytes < FRAME_HEADER_BYTES) return;
    const header = decodeFrameHeader(this.#headerBytes);
    const segment = this.#expected[header.index];
    if (segment === undefined || !isExpected(header, segment)) {
      throw new MalformedMessageError('blocks answer', 'a frame that was not asked for');
    }
    this.#header = header;
    const blocks = Math.ceil(header.sizeBytes / SEALED_BLOCK_BYTES);
    const { bytes, release } = this.#buffers.take(header.sizeBytes, blocks);
    this.#frame = bytes;
    this.#release = release;
    this.#gotBytes = 0;
    this.#blockStart = 0;
    this.#blockIndex = header.firstBlock;
    this.#blockEnd = sealedBytes(segment.sizeBytes, header.firstBlock);
  }

  #giveOut(header: FrameHeader): void {
    const segment = this.#expected[header.index];
    if (segment === undefined) return;
    while (this.#blockEnd <= this.#gotBytes) {
      const sealed = this.#frame.subarray(this.#blockStart, this.#blockEnd);
      const blockIndex = this.#blockIndex++;
      this.#blockStart = this.#blockEnd;
      const isLast = this.#blockStart === header.sizeBytes;
      if (!isLast) this.#blockEnd += sealedBytes(segment.sizeBytes, this.#blockIndex);
      this.#onSealed(header.index, { blockIndex, sealed, release: this.#release });
      if (isLast) return this.#endFrame();
    }
  }

  #endFrame(): void {
    this.#header = undefined;
    this.#frame = this.#headerBytes;
    this.#gotBytes = 0;
  }
}

function isExpected(header: FrameHeader, { sizeBytes, runs, wantsBlockHashList }: ExpectedFrames) {
  const { firstBlock, sizeBytes: frameBytes } = header;
  if (firstBlock === BLOCK_HASH_LIST_INDEX) {
    return wantsBlockHashList && frameBytes === sealedBytes(sizeBytes, firstBlock);
  }
  const run = runs.find((each) => firstBlock >= each.firstBlock && firstBlock < endBlock(each));
  if (run === undefined) return false;
  let restBytes = frameBytes;
  const last = Math.min(endBlock(run), blockCount(sizeBytes));
  for (let index = firstBlock; index < last && restBytes > 0; index++) {
    restBytes -= sealedBytes(sizeBytes, index);
  }
  return restBytes === 0 && frameBytes > 0;
}

function endBlock({ firstBlock, count }: BlockRun): number {
  return firstBlock + count;
}

function sealedBytes(bytesOfSegment: number, blockIndex: number): number {
  const bytes =
    blockIndex === BLOCK_HASH_LIST_INDEX
      ? blockHashListBytes(bytesOfSegment)
      : blockBytes(bytesOfSegment, blockIndex);
  return bytes + SEAL_BYTES;
}
