import { BLOCK_BYTES } from '@peer-cache/core';
import type { Claim, ClaimKind } from './claim.ts';
import { RUN_BLOCKS, RUNS_PER_SEGMENT, segmentOf, WINDOW_RUNS } from './runs.ts';
import type { TypicalTime } from './typical-time.ts';

export interface OwnClaim {
  readonly kind: ClaimKind;
  readonly sinceMs: number;
  receivedBytes: number;
}

/** What this peer fetches from the origin, and what it fetched lately. */
export class OwnClaims {
  readonly #claims = new Map<number, OwnClaim>();
  readonly #broughtLately = new Set<number>();
  readonly #typical: TypicalTime;

  constructor(typical: TypicalTime) {
    this.#typical = typical;
  }

  get size(): number {
    return this.#claims.size;
  }

  values(): Iterable<OwnClaim> {
    return this.#claims.values();
  }

  get(runNumber: number): OwnClaim | undefined {
    return this.#claims.get(runNumber);
  }

  /** It may have begun before. */
  begin(runNumber: number, kind: ClaimKind, nowMs: number): void {
    if (this.#claims.has(runNumber)) return;
    this.#claims.set(runNumber, { kind, sinceMs: nowMs, receivedBytes: 0 });
  }

  received(runNumber: number, bytes: number): void {
    const claim = this.#claims.get(runNumber);
    if (claim !== undefined) claim.receivedBytes += bytes;
  }

  end(runNumber: number, nowMs: number): void {
    const claim = this.#claims.get(runNumber);
    if (claim === undefined) return;
    this.#claims.delete(runNumber);
    const { sinceMs, receivedBytes } = claim;
    if (receivedBytes > 0) this.#noteBrought(runNumber);
    this.#typical.note(nowMs - sinceMs, receivedBytes, RUN_BLOCKS * BLOCK_BYTES);
  }

  /** Whether the latest blocks of a run may be this peer's own. */
  hasBrought(runNumber: number): boolean {
    return this.#broughtLately.has(runNumber);
  }

  /** As they are told. */
  ofSegment(segmentIndex: number): Claim[] {
    return [...this.#claims].flatMap(([runNumber, { kind, receivedBytes }]) => {
      if (segmentOf(runNumber) !== segmentIndex) return [];
      return [{ runIndex: runNumber % RUNS_PER_SEGMENT, kind, receivedBytes }];
    });
  }

  #noteBrought(runNumber: number): void {
    this.#broughtLately.delete(runNumber);
    this.#broughtLately.add(runNumber);
    const [oldest] = this.#broughtLately;
    if (this.#broughtLately.size > WINDOW_RUNS && oldest !== undefined) {
      this.#broughtLately.delete(oldest);
    }
  }
}
