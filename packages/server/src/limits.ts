import { KIB, MIB, SECOND_MS } from '@peer-cache/core';

/**
 * How much of this machine callers may take. A "host" is what `hostNameOf` counts as one caller.
 * The numbers are those of threat B3 where it names one.
 */
export interface ServerLimits {
  /** Connections at a time, on all addresses together. */
  readonly connections: number;
  /** How many of them are for hosts that have proved to know a segment. */
  readonly reservedConnections: number;
  readonly connectionsPerHost: number;
  /** Requests read but not yet answered; a peer of ours has one. */
  readonly requestsPerConnection: number;
  /** Memory for answers that are being filled or sent. */
  readonly bytesInFlight: number;
  readonly bytesInFlightPerHost: number;
  /** What a stranger may have us compute in vain; a proof costs some 20 microseconds. */
  readonly failedProofsPerSecond: number;
  /** For a request's head, and for the first one after connecting. */
  readonly headMs: number;
  /** For a whole request; the answer may take longer. */
  readonly requestMs: number;
  /** Between an answer and the next request. */
  readonly idleMs: number;
  /** A reader that takes less than `slowReaderBytes` in this time is cut. */
  readonly slowReaderMs: number;
  readonly slowReaderBytes: number;
  /** The least time between two answers about state on one connection. */
  readonly stateIntervalMs: number;
}

const DEFAULT_LIMITS: ServerLimits = {
  connections: 256,
  reservedConnections: 64,
  connectionsPerHost: 8,
  requestsPerConnection: 4,
  bytesInFlight: 64 * MIB,
  bytesInFlightPerHost: 16 * MIB,
  failedProofsPerSecond: 4096,
  headMs: 5 * SECOND_MS,
  requestMs: 10 * SECOND_MS,
  idleMs: 60 * SECOND_MS,
  slowReaderMs: 5 * SECOND_MS,
  slowReaderBytes: 64 * KIB,
  stateIntervalMs: 50,
};

/** @throws {RangeError} for a limit that is no whole number of at least 0. */
export function resolveLimits(limits: Partial<ServerLimits> = {}): ServerLimits {
  const resolved = { ...DEFAULT_LIMITS, ...limits };
  for (const [name, value] of Object.entries(resolved)) {
    if (!Number.isInteger(value) || value < 0) {
      throw new RangeError(`${name} must be a whole number of at least 0, got ${value}`);
    }
  }
  return resolved;
}
