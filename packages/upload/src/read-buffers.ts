/** One is filled, one goes out, and of the one before some may wait in the socket. */
const COUNT = 3;

/**
 * The buffers through which a request's bytes go, the same ones round and round: a new one for each
 * read costs twice the CPU time, for pages that are touched once and for collecting them.
 *
 * A buffer is filled again when all of the one after it was handed over. By then nothing of it is
 * left with a sender that waits whenever its socket holds as much as it likes to (64 KiB), provided
 * a buffer is larger than that; only the last read of a request may fill less.
 */
export class ReadBuffers {
  readonly #bytes: number;
  readonly #buffers: Buffer[] = [];
  #count = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** The next to be filled, for `mostBytes` at most. */
  next(mostBytes: number): Buffer {
    const index = this.#count++ % COUNT;
    const buffer = (this.#buffers[index] ??= Buffer.allocUnsafeSlow(this.#bytes));
    return buffer.subarray(0, mostBytes);
  }
}
