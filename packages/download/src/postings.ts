import type { Board, Ownership, PostedSegment, Posting } from '@peer-cache/ownership';
import type { Content } from './content.ts';

/** Segments that are told of at a time: as many as one lookup asks for. */
const MOST_POSTED = 47;
/** Bytes under way are told no more often than this. */
const PROGRESS_MS = 250;

export interface PostingsParts {
  readonly board: Board;
  readonly content: Content;
  readonly posting: Omit<Posting, 'segment' | 'isComing'>;
  readonly ownership: Ownership;
}

/** What one transfer has posted on the board of its agent. */
export class Postings implements Disposable {
  readonly #parts: PostingsParts;
  readonly #posted = new Map<number, { readonly name: string; readonly post: Disposable }>();
  readonly #indices = new Map<string, number>();
  readonly #posting: Posting;
  readonly #progressed = new Set<number>();
  /** Blocks on their way, by the name of their segment. */
  readonly #coming = new Map<string, Set<number>>();
  #progressTimer: NodeJS.Timeout | undefined;

  constructor(parts: PostingsParts) {
    this.#parts = parts;
    this.#posting = {
      ...parts.posting,
      segment: (name) => this.#segment(name),
      isComing: (name, blockIndex) => this.#coming.get(name)?.has(blockIndex) ?? false,
    };
    this.advanceTo(0);
  }

  /** Tells of the segments from this one on, and no longer of those before it. */
  advanceTo(segmentIndex: number): void {
    const { board, content } = this.#parts;
    for (const [index, { name, post }] of this.#posted) {
      if (index >= segmentIndex) continue;
      this.#posted.delete(index);
      this.#indices.delete(name);
      post[Symbol.dispose]();
    }
    for (const { index, keys } of content.segments(segmentIndex, MOST_POSTED)) {
      if (this.#posted.has(index)) continue;
      const name = Buffer.from(keys.segmentId).toString('hex');
      this.#indices.set(name, index);
      this.#posted.set(index, {
        name,
        post: board.post(keys.segmentId, keys.proofKey, this.#posting),
      });
    }
  }

  changed(segmentIndex: number, change: { readonly isUrgent: boolean }): void {
    const posted = this.#posted.get(segmentIndex);
    if (posted !== undefined) this.#parts.board.changed(posted.name, change);
  }

  allChanged(): void {
    for (const segmentIndex of this.#posted.keys()) this.changed(segmentIndex, { isUrgent: true });
  }

  /** Blocks of a segment are on their way from the origin. */
  coming(segmentIndex: number, blocks: Iterable<number>): void {
    const name = this.#posted.get(segmentIndex)?.name;
    if (name === undefined) return;
    const known = this.#coming.get(name) ?? new Set();
    for (const block of blocks) known.add(block);
    this.#coming.set(name, known);
  }

  /** They are in the store, or do not come after all. */
  came(segmentName: string, blocks: Iterable<number>): void {
    const known = this.#coming.get(segmentName);
    if (known === undefined) return;
    for (const block of blocks) known.delete(block);
    if (known.size === 0) this.#coming.delete(segmentName);
  }

  /** Bytes came for a claim. */
  progressed(segmentIndex: number): void {
    this.#progressed.add(segmentIndex);
    this.#progressTimer ??= setTimeout(() => this.#tellProgress(), PROGRESS_MS).unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#progressTimer);
    for (const { post } of this.#posted.values()) post[Symbol.dispose]();
    this.#posted.clear();
    this.#indices.clear();
    this.#coming.clear();
  }

  #tellProgress(): void {
    this.#progressTimer = undefined;
    for (const segmentIndex of this.#progressed) this.changed(segmentIndex, { isUrgent: false });
    this.#progressed.clear();
  }

  #segment(name: string): PostedSegment | undefined {
    const segmentIndex = this.#indices.get(name);
    if (segmentIndex === undefined) return undefined;
    const { ownership } = this.#parts;
    return { standing: ownership.standing, claims: ownership.claimsOf(segmentIndex) };
  }
}
