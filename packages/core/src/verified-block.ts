import { BlockMismatchError } from './errors.ts';
import { digestsEqual, hash } from './hash.ts';
import type { Digest } from './hash.ts';
import { releaseMemory } from './release-memory.ts';

/**
 * A block whose bytes were compared with its block hash. Only {@link verifyBlock} and the opening
 * of a block that this machine itself stored can make one; what takes a `VerifiedBlock` needs no
 * check of its own and can't be handed anything else.
 */
export class VerifiedBlock {
  readonly blockIndex: number;
  readonly bytes: Uint8Array;
  #isVerified = true;

  private constructor(blockIndex: number, bytes: Uint8Array) {
    this.blockIndex = blockIndex;
    this.bytes = bytes;
  }

  /** Whether `value` really came from here (a cast can fool the compiler, not this). */
  static isVerified(value: VerifiedBlock): boolean {
    return #isVerified in value && value.#isVerified;
  }

  /** Gives the block's memory back: it is no longer verified, for its bytes are gone. */
  release(): void {
    this.#isVerified = false;
    releaseMemory(this.bytes);
  }

  /** @throws {BlockMismatchError} when the bytes are not those of the block hash. */
  static verify(blockIndex: number, bytes: Uint8Array, blockHash: Digest): VerifiedBlock {
    if (!digestsEqual(hash(bytes), blockHash)) throw new BlockMismatchError(blockIndex);
    return new VerifiedBlock(blockIndex, bytes);
  }
}

/**
 * The only door for bytes from outside: compares them with the block hash.
 *
 * @throws {BlockMismatchError} when they differ.
 */
export function verifyBlock(
  blockIndex: number,
  bytes: Uint8Array,
  blockHash: Digest,
): VerifiedBlock {
  return VerifiedBlock.verify(blockIndex, bytes, blockHash);
}
