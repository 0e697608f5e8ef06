import type { Neighbour, SeenClaim } from './neighbour.ts';
import type { OpenRun } from './runs.ts';
import type { TypicalTime } from './typical-time.ts';

/** Somebody who may own runs now. */
export interface Candidate {
  readonly peerId: string;
  readonly place: number;
  /** Undefined for this peer itself. */
  readonly neighbour: Neighbour | undefined;
}

/** What one peer knows of who fetches what: all that the rules decide by. */
export interface OwnershipView {
  readonly typical: TypicalTime;

  /** Whether this peer fetches the run. */
  hasClaim(runNumber: number): boolean;

  /** The claim of a neighbour on a run, the one that got on last; undefined where it is free. */
  claimOn(runNumber: number): SeenClaim | undefined;

  /** Whom a run belongs to: the nearest of those who want it most urgently and may fetch it. */
  ownerOf(run: OpenRun): Candidate | undefined;

  /** How many idle neighbours stand nearer to a run than this peer: who has none goes first. */
  idleBefore(run: OpenRun): number;
}
