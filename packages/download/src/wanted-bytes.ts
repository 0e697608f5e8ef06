import { BLOCK_BYTES, clipRange } from '@peer-cache/core';
import type { ByteRange } from '@peer-cache/core';
import { shownUrl } from '@peer-cache/transport';
import { RangeOutsideError } from './errors.ts';

/** Bytes of a content, half open; without an end: up to the content's end. */
export interface WantedRange {
  readonly startByte: number;
  readonly endByte?: number | undefined;
}

/** Which bytes of a content are wanted: all of them, or those of some ranges in whatever order. Pure. */
export class WantedBytes {
  readonly #url: string;
  readonly #asked: readonly WantedRange[];
  /** In order, with gaps between them. */
  readonly ranges: readonly ByteRange[];

  /**
   * `sizeBytes` is the content's; while it is unknown, ends are only known to `checkEnd`. No ranges
   * at all: the whole.
   *
   * @throws {RangeOutsideError} for a range that the content does not have
   */
  constructor(
    { url, sizeBytes }: { readonly url: string; readonly sizeBytes: number | undefined },
    ranges: readonly WantedRange[] = [],
  ) {
    this.#url = url;
    this.#asked = ranges;
    this.checkEnd(sizeBytes ?? Infinity);
    const end = sizeBytes ?? Infinity;
    const all = ranges.length === 0 ? [{ startByte: 0 }] : ranges;
    this.ranges = joined(all.map(({ startByte, endByte = end }) => ({ startByte, endByte })));
  }

  /** Of what is wanted, each byte once; undefined while it isn't known. */
  get sizeBytes(): number | undefined {
    const size = this.ranges.reduce((sum, range) => sum + bytesIn(range), 0);
    return Number.isFinite(size) ? size : undefined;
  }

  /** @throws {RangeOutsideError} for a range that a content of so many bytes does not have */
  checkEnd(contentBytes: number): void {
    for (const range of this.#asked) {
      const { startByte, endByte = contentBytes } = range;
      if (startByte >= 0 && startByte < endByte && endByte <= contentBytes) continue;
      throw new RangeOutsideError(shownUrl(this.#url), range, contentBytes);
    }
  }

  /** How many bytes of this range are wanted. */
  bytesOf(range: ByteRange): number {
    let sum = 0;
    for (const wanted of this.ranges) {
      if (wanted.startByte >= range.endByte) break;
      const part = clipRange(wanted, range);
      if (part !== undefined) sum += bytesIn(part);
    }
    return sum;
  }

  /** The blocks that hold wanted bytes, counted from the content's start: `end` is out. */
  blockRuns(): { readonly first: number; readonly end: number }[] {
    const rounded = this.ranges.map(({ startByte, endByte }) => ({
      startByte: Math.floor(startByte / BLOCK_BYTES),
      endByte: Math.ceil(endByte / BLOCK_BYTES),
    }));
    return joined(rounded).map(({ startByte, endByte }) => ({ first: startByte, end: endByte }));
  }
}

/** In order, those that touch each other as one, without those that are empty. */
export function joined(ranges: readonly ByteRange[]): ByteRange[] {
  const result: ByteRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.startByte - b.startByte)) {
    if (range.startByte >= range.endByte) continue;
    const last = result.at(-1);
    if (last === undefined || last.endByte < range.startByte) result.push(range);
    else if (last.endByte < range.endByte) {
      result[result.length - 1] = { startByte: last.startByte, endByte: range.endByte };
    }
  }
  return result;
}

function bytesIn({ startByte, endByte }: ByteRange): number {
  return endByte - startByte;
}
