/** Which blocks of a segment: a bitmap, block 0 in the lowest bit of the first byte. */
export class BlockSet {
  readonly blockCount: number;
  readonly #bits: Uint8Array;
  #size = 0;

  constructor(blockCount: number) {
    this.blockCount = blockCount;
    this.#bits = new Uint8Array(Math.ceil(blockCount / 8));
  }

  /** A set from its bytes; bits past `blockCount` and missing bytes count as not set. */
  static fromBytes(blockCount: number, bytes: Uint8Array): BlockSet {
    const set = new BlockSet(blockCount);
    const bits = set.#bits;
    bits.set(bytes.subarray(0, bits.length));
    const last = bits.length - 1;
    if (blockCount % 8 !== 0) bits[last] = (bits[last] ?? 0) & ((1 << (blockCount % 8)) - 1);
    for (const byte of bits) set.#size += bitCount(byte);
    return set;
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size === this.blockCount;
  }

  has(blockIndex: number): boolean {
    return (((this.#bits[blockIndex >> 3] ?? 0) >> (blockIndex & 7)) & 1) === 1;
  }

  /** Adds a block; true if it was not there. */
  add(blockIndex: number): boolean {
    if (!Number.isInteger(blockIndex) || blockIndex < 0 || blockIndex >= this.blockCount) {
      throw new RangeError(`block ${blockIndex} of ${this.blockCount}`);
    }
    if (this.has(blockIndex)) return false;
    this.#bits[blockIndex >> 3] = (this.#bits[blockIndex >> 3] ?? 0) | (1 << (blockIndex & 7));
    this.#size++;
    return true;
  }

  /** Takes a block out; true if it was there. */
  delete(blockIndex: number): boolean {
    if (!this.has(blockIndex)) return false;
    this.#bits[blockIndex >> 3] = (this.#bits[blockIndex >> 3] ?? 0) & ~(1 << (blockIndex & 7));
    this.#size--;
    return true;
  }

  /** How many blocks from `firstBlock` on are set without a gap, counted up to `most`. */
  runLength(firstBlock: number, most: number): number {
    let count = 0;
    while (count < most && this.has(firstBlock + count)) count++;
    return count;
  }

  /** The bitmap itself, live: not to be written to. */
  get bits(): Uint8Array {
    return this.#bits;
  }

  /** A copy of the bitmap. */
  toBytes(): Uint8Array {
    return this.#bits.slice();
  }
}

/** How many bits of a byte are set. */
export function bitCount(byte: number): number {
  let rest = byte;
  let count = 0;
  while (rest !== 0) {
    rest &= rest - 1;
    count++;
  }
  return count;
}
