import { SEALED_BLOCK_BYTES } from '@peer-cache/core';
import { BLOCKS_PER_RUN } from '@peer-cache/protocol';

/** Holds the frame of any run that we ask for. */
const FRAME_BYTES = BLOCKS_PER_RUN * SEALED_BLOCK_BYTES;
/** What is in use at a time at full speed; more than these are left to the garbage collector. */
const MOST_FREE = 32;

/** Memory for frames of sealed blocks, used again as soon as their last block was let go of. */
export class FrameBuffers {
  readonly #free: Buffer[] = [];

  /** A buffer of exactly `sizeBytes`, and what must be called once for each of its `blocks`. */
  take(sizeBytes: number, blocks: number): { bytes: Buffer; release: () => void } {
    const whole = sizeBytes > FRAME_BYTES ? undefined : (this.#free.pop() ?? newFrame());
    if (whole === undefined) {
      return { bytes: Buffer.allocUnsafeSlow(sizeBytes), release: () => undefined };
    }
    let blocksInUse = blocks;
    const release = (): void => {
      blocksInUse--;
      if (blocksInUse === 0 && this.#free.length < MOST_FREE) this.#free.push(whole);
    };
    return { bytes: whole.subarray(0, sizeBytes), release };
  }
}

function newFrame(): Buffer {
  return Buffer.allocUnsafeSlow(FRAME_BYTES);
}
