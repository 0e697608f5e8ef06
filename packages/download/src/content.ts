import { blockCount, segmentBytes, segmentKeysOf } from '@peer-cache/core';
import type { ContentInformation } from '@peer-cache/core';
import type { ContentSegment } from './block-source.ts';

/** A content as its content information describes it, with the keys of its segments. */
export class Content {
  readonly information: ContentInformation;
  /** Names the content in this process: its digest in hexadecimal. */
  readonly id: string;
  readonly #segments: (ContentSegment | undefined)[] = [];

  constructor(information: ContentInformation) {
    this.information = information;
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

  /** Up to `most` segments from `first` on. */
  segments(first: number, most: number): ContentSegment[] {
    const count = Math.max(0, Math.min(most, this.segmentCount - first));
    return Array.from({ length: count }, (_, index) => this.segment(first + index));
  }

  blockCount(segmentIndex: number): number {
    return blockCount(this.segment(segmentIndex).sizeBytes);
  }
}
