import { createHash } from 'node:crypto';
import { MIB } from '@peer-cache/core';
import type { LocalFile } from './local-file.ts';

const READ_BYTES = 1 * MIB;

/**
 * SHA-256 of a file, made of what is sent of it as it goes out; what an earlier attempt sent is
 * read once more in the end.
 */
export class SentDigest {
  readonly #hash = createHash('sha256');
  #atByte = 0;

  /** These bytes are sent. Those that are known already count once. */
  feed(startByte: number, bytes: Uint8Array): void {
    if (startByte > this.#atByte || startByte + bytes.length <= this.#atByte) return;
    this.#hash.update(bytes.subarray(this.#atByte - startByte));
    this.#atByte = startByte + bytes.length;
  }

  /** As `Repr-Digest` has it (RFC 9530 §3), once more where the last part is sent again. */
  async field(file: LocalFile, signal: AbortSignal): Promise<string> {
    const leftBytes = file.state.sizeBytes - this.#atByte;
    const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, leftBytes));
    while (this.#atByte < file.state.sizeBytes) {
      signal.throwIfAborted();
      const into = buffer.subarray(0, file.state.sizeBytes - this.#atByte);
      this.feed(this.#atByte, await file.read(this.#atByte, into));
    }
    return `sha-256=:${this.#hash.copy().digest('base64')}:`;
  }
}
