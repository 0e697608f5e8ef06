import { blockCount, segmentBytes, segmentKeysOf } from '@peer-cache/core';
import type { ContentInformation } from '@peer-cache/core';
import type { ContentSegment } from './block-source.ts';

/** A content as its content information describes it, with the keys of its segments. */
export class Content {
  readonly information: ContentInformation;
  /** Names the content in this process: its digest in hexadecimal. */
  readonly id: string;
  readonly #segments: (ContentSegment | undefined)[] = [];
  readonly #needed: readonly number[] | undefined;

  /** `needed`: the segments, in order, that are to be worked on; all, if not given. */
  constructor(information: ContentInformation, needed?: readonly number[]) {
    this.information = information;
    this.#needed = needed;
    this.id = Buffer.from(information.digest).toString('hex');
  }

  get segmentCount(): number {
    return this.information.segments.length;
  }

  /** Segment `index`; its keys are computed when it is first asked for. */
  segment(index: number): ContentSegment {
    const known = this.#segments[index];
    if (known !== undefined) return known;
    const entry = this.information.segments[index];
    if (entry === undefined) throw new RangeError(`segment ${index} of ${this.segmentCount}`);
    const sizeBytes = segmentBytes(this.information.sizeBytes, index);
    const segment = { index, sizeBytes, entry, keys: segmentKeysOf(entry) };
    this.#segments[index] = segment;
    return segment;
  }

  /** Up to `most` segments to work on, from segment `first` on. */
  segments(first: number, most: number): ContentSegment[] {
    if (this.#needed !== undefined) {
      const at = placeOf(first, this.#needed);
      return this.#needed.slice(at, at + most).map((index) => this.segment(index));
    }
    const count = Math.max(0, Math.min(most, this.segmentCount - first));
    return Array.from({ length: count }, (_, index) => this.segment(first + index));
  }

  blockCount(segmentIndex: number): number {
    return blockCount(this.segment(segmentIndex).sizeBytes);
  }
}

/** Where the first number that is not below `value` stands in an ordered list. */
function placeOf(value: number, ordered: readonly number[]): number {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ordered[middle] ?? Infinity) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
