import type { TurnKind } from './seat.ts';

/** What may be under way at once, of all jobs together. */
export interface SchedulerOptions {
  /** 64: what a line of 100 Mbit/s brings in a third of a second. */
  readonly originBlocks?: number;
  /** 8 */
  readonly originRequests?: number;
  /** 256 */
  readonly peerBlocks?: number;
  /** 64 */
  readonly peerRequests?: number;
  /** Most blocks of one request where several jobs take turns: 2. */
  readonly blocksWhenShared?: number;
}

export interface TurnLimits extends Readonly<Record<TurnKind, RequestLimits>> {
  readonly blocksWhenShared: number;
}

interface RequestLimits {
  readonly requests: number;
  readonly blocks: number;
}

/** @throws {RangeError} for a limit that is no positive integer */
export function resolveTurnLimits({
  originBlocks = 64,
  originRequests = 8,
  peerBlocks = 256,
  peerRequests = 64,
  blocksWhenShared = 2,
}: SchedulerOptions): TurnLimits {
  const given = { originBlocks, originRequests, peerBlocks, peerRequests, blocksWhenShared };
  for (const [name, value] of Object.entries(given)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`${name} must be a positive integer, got ${value}`);
    }
  }
  return {
    origin: { requests: originRequests, blocks: originBlocks },
    peer: { requests: peerRequests, blocks: peerBlocks },
    blocksWhenShared,
  };
}

/** Of so many who share, half have some left when the other half hold all they may. */
export function mostRequestsEach(requests: number, sharers: number): number {
  return Math.max(1, Math.floor((2 * requests) / (sharers + 1)));
}
