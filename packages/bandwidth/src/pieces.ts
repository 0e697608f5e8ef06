/** One request, from when it is sent until it has ended. */
export interface Piece {
  readonly bytes: number;
  askedMs: number;
  leftBytes: number;
  hasBegun: boolean;
}

/** The requests that are under way. */
export class Pieces {
  readonly #all = new Set<Piece>();
  #leftBytes = 0;
  #idleSinceMs: number | undefined;

  get count(): number {
    return this.#all.size;
  }

  /** What they are to bring yet. */
  get leftBytes(): number {
    return this.#leftBytes;
  }

  ask(bytes: number, nowMs: number): Piece {
    const piece = { bytes, askedMs: nowMs, leftBytes: bytes, hasBegun: false };
    this.#all.add(piece);
    this.#leftBytes += bytes;
    this.#idleSinceMs = undefined;
    return piece;
  }

  came(piece: Piece, bytes: number): void {
    const counted = Math.min(bytes, piece.leftBytes);
    piece.leftBytes -= counted;
    if (this.#all.has(piece)) this.#leftBytes -= counted;
  }

  /** False if it had ended before. */
  ended(piece: Piece, nowMs: number): boolean {
    if (!this.#all.delete(piece)) return false;
    this.#leftBytes -= piece.leftBytes;
    if (this.#all.size === 0) this.#idleSinceMs = nowMs;
    return true;
  }

  /** For how long there has been none, after some. */
  idleMs(nowMs: number): number {
    return nowMs - (this.#idleSinceMs ?? nowMs);
  }

  /** The age of the oldest that has no answer; 0 where all have one. */
  unansweredMs(nowMs: number): number {
    let oldestMs = nowMs;
    for (const { hasBegun, askedMs } of this.#all) {
      if (!hasBegun && askedMs < oldestMs) oldestMs = askedMs;
    }
    return nowMs - oldestMs;
  }
}
