import { digestsEqual } from '@peer-cache/core';

/** More than a request can ask about, so that asking again costs no proof; bounds the memory. */
const MOST_REMEMBERED = 1024;

interface ProvenSegment {
  readonly proof: Uint8Array;
  readonly answer: Uint8Array;
}

/** What the other side of one connection proved to know; both proofs hold as long as it lasts. */
export class ProvenSegments {
  readonly #segments = new Map<string, ProvenSegment>();

  get size(): number {
    return this.#segments.size;
  }

  has(segmentName: string, proof: Uint8Array): boolean {
    const known = this.#segments.get(segmentName);
    return known !== undefined && digestsEqual(known.proof, proof);
  }

  /** Our own proof in return. */
  answerOf(segmentName: string): Uint8Array | undefined {
    return this.#segments.get(segmentName)?.answer;
  }

  add(segmentName: string, proven: ProvenSegment): void {
    this.#segments.set(segmentName, proven);
    if (this.#segments.size <= MOST_REMEMBERED) return;
    const [oldest] = this.#segments.keys();
    if (oldest !== undefined) this.#segments.delete(oldest);
  }
}

/** A segment ID as a key of maps. */
export function segmentNameOf(segmentId: Uint8Array): string {
  return Buffer.from(segmentId.buffer, segmentId.byteOffset, segmentId.length).toString('hex');
}
