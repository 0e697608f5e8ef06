import type { ServerLimits } from './limits.ts';

export interface ConnectionCounts {
  readonly all: number;
  /** Those of hosts that proved nothing lately. */
  readonly unproven: number;
  readonly ofHost: number;
  readonly isHostProven: boolean;
}

/** Whether one more connection is let in: strangers can't take the places kept for peers. */
export function admitsConnection(counts: ConnectionCounts, limits: ServerLimits): boolean {
  if (counts.ofHost >= limits.connectionsPerHost || counts.all >= limits.connections) return false;
  const forUnproven = limits.connections - limits.reservedConnections;
  return counts.isHostProven || counts.unproven < forUnproven;
}

export interface BytesInFlight {
  readonly all: number;
  readonly ofHost: number;
}

/** Whether memory for one more answer may be taken. */
export function admitsAnswer(
  bytes: number,
  inFlight: BytesInFlight,
  limits: ServerLimits,
): boolean {
  return (
    inFlight.all + bytes <= limits.bytesInFlight &&
    inFlight.ofHost + bytes <= limits.bytesInFlightPerHost
  );
}

/** So much a second, and two seconds' worth at once after a rest; may be overdrawn once. */
export class Allowance {
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #atMs: number;

  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = 2 * perSecond;
    this.#atMs = now();
  }

  get isSpent(): boolean {
    const nowMs = this.#now();
    const refill = ((nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#left = Math.min(2 * this.#perSecond, this.#left + refill);
    this.#atMs = nowMs;
    return this.#left <= 0;
  }

  spend(count: number): void {
    this.#left -= count;
  }
}
