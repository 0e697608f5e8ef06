import type { Neighbour, SeenClaim } from './neighbour.ts';
import type { OpenRun } from './runs.ts';

/** Somebody who may own runs now. */
export interface Candidate {
  readonly peerId: string;
  readonly place: number;
  /** Undefined for this peer itself. */
  readonly neighbour: Neighbour | undefined;
}

/** What one peer knows of who fetches what: all that the rules decide by. */
export interface OwnershipView {
  /** Where this peer stands. */
  readonly place: number;

  /** Whether this peer fetches the run. */
  hasClaim(runNumber: number): boolean;

  /** The claims of neighbours on a run; none where it is free. */
  claimsOn(runNumber: number): readonly SeenClaim[];

  /** For how long a run has been left alone; 0 for one that is not free. */
  freeMs(runNumber: number, nowMs: number): number;

  /** Whom a run belongs to: the nearest of those who want it most urgently and may fetch it. */
  ownerOf(run: OpenRun): Candidate | undefined;

  /**
   * Whether this peer stands so near to a run that it knows its owner, and whoever else may steal
   * it. Always in a small branch, where everybody knows everybody.
   */
  isNear(run: OpenRun): boolean;

  /** How many idle neighbours stand nearer to a run than this peer: who has none goes first. */
  idleBefore(run: OpenRun): number;
}
