import { setImmediate as nextTurn } from 'node:timers/promises';
import { BLOCK_BYTES, clipRange } from '@peer-cache/core';
import type { ByteRange } from '@peer-cache/core';
import type { KeptBlocks } from '../sinks/kept-blocks.ts';
import { joined } from '../wanted-bytes.ts';
import type { WantedBytes } from '../wanted-bytes.ts';

const LOOKED_AT_AT_ONCE = 2 ** 16;

/** A block on its way, and where its bytes lie until it is whole. */
interface PartialBlock {
  readonly startByte: number;
  readonly bytes: Uint8Array;
  filledBytes: number;
}

/** One version of a plain content: what ties requests to it, and what of it is still missing. */
export class PlainVersion {
  /** Undefined where nothing ties a second request to the first. */
  readonly validator: string | undefined;
  readonly wanted: WantedBytes;
  /** In order, at blocks' edges. */
  #missing: ByteRange[];
  #sizeBytes: number | undefined;
  #partial: PartialBlock | undefined;

  constructor(
    known: { readonly validator: string | undefined; readonly sizeBytes: number | undefined },
    wanted: WantedBytes,
    missing: readonly ByteRange[],
  ) {
    this.validator = known.validator;
    this.#sizeBytes = known.sizeBytes;
    this.wanted = wanted;
    this.#missing = [...missing];
  }

  /** Of the whole content; undefined while neither an answer nor its body's end told. */
  get sizeBytes(): number | undefined {
    return this.#sizeBytes;
  }

  /** Whether all that is wanted is here. */
  get isWhole(): boolean {
    return this.#missing.length === 0;
  }

  /** What to ask for next; its end is Infinity while the content's is not known. */
  get next(): ByteRange {
    const { startByte, endByte } = this.#missing[0] ?? { startByte: Infinity, endByte: Infinity };
    return { startByte: startByte + (this.#partial?.filledBytes ?? 0), endByte };
  }

  isSame(other: {
    readonly validator: string | undefined;
    readonly sizeBytes: number | undefined;
  }): boolean {
    if (this.validator === undefined || other.validator !== this.validator) return false;
    const sizes = [this.#sizeBytes, other.sizeBytes];
    return sizes.includes(undefined) || this.#sizeBytes === other.sizeBytes;
  }

  /** Takes what is missing of bytes that lie within one block; gives how many bytes these were. */
  take(startByte: number, bytes: Uint8Array): number {
    const next = this.next.startByte;
    const fresh = bytes.subarray(Math.max(0, next - startByte));
    if (fresh.length === 0) return 0;
    const partial = (this.#partial ??= this.#begin(next));
    partial.bytes.set(fresh, partial.filledBytes);
    partial.filledBytes += fresh.length;
    return fresh.length;
  }

  /** The block that was taken, with the bytes that came of it: no longer missing. */
  takeOut(): { readonly startByte: number; readonly bytes: Uint8Array } | undefined {
    const partial = this.#partial;
    if (partial === undefined) return undefined;
    const { startByte, bytes, filledBytes } = partial;
    this.#partial = undefined;
    const [first] = this.#missing;
    const next = startByte + filledBytes;
    if (first !== undefined && next < first.endByte) {
      this.#missing[0] = { startByte: next, endByte: first.endByte };
    } else this.#missing.shift();
    return { startByte, bytes: filledBytes < bytes.length ? bytes.slice(0, filledBytes) : bytes };
  }

  /** The content has so many bytes, as an answer or the end of a body told. */
  learnSize(sizeBytes: number): void {
    if (this.#sizeBytes !== undefined) return;
    this.#sizeBytes = sizeBytes;
    this.wanted.checkEnd(sizeBytes);
    const content = { startByte: 0, endByte: sizeBytes };
    this.#missing = this.#missing.flatMap((range) => clipRange(range, content) ?? []);
  }

  #begin(startByte: number): PartialBlock {
    const blockBytes = Math.min(BLOCK_BYTES, (this.#sizeBytes ?? Infinity) - startByte);
    return { startByte, bytes: Buffer.allocUnsafeSlow(blockBytes), filledBytes: 0 };
  }
}

/** What is wanted of a plain content and not kept, in order and at blocks' edges. */
export async function missingBytes(
  wanted: WantedBytes,
  kept: KeptBlocks,
  sizeBytes: number | undefined,
): Promise<ByteRange[]> {
  const blocks: ByteRange[] = [];
  let looked = 0;
  for (const { first, end } of wanted.blockRuns()) {
    // How far to look for what is kept is not known: all of it comes again.
    if (end === Infinity) {
      blocks.push({ startByte: first, endByte: end });
      break;
    }
    let firstMissing = first;
    for (let block = first; block < end; block++) {
      if (++looked % LOOKED_AT_AT_ONCE === 0) await nextTurn();
      if (kept.stateOf(block) !== 'sound') continue;
      blocks.push({ startByte: firstMissing, endByte: block });
      firstMissing = block + 1;
    }
    blocks.push({ startByte: firstMissing, endByte: end });
  }
  return joined(blocks).map(({ startByte, endByte }) => ({
    startByte: startByte * BLOCK_BYTES,
    endByte: Math.min(endByte * BLOCK_BYTES, sizeBytes ?? Infinity),
  }));
}
