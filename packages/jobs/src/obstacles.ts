import { isAllowed } from '@peer-cache/bandwidth';
import type { PeerCacheError } from '@peer-cache/core';
import type { CostPolicy, NetworkCost } from '@peer-cache/protocol';
import { BlockedByCostError, NetworkDisconnectedError } from './errors.ts';
import { needsNetwork } from './local-origin.ts';
import type { FileRecord, JobRecord } from './records.ts';

/** The network as jobs meet it. */
export interface NetworkNow {
  readonly isOnline: boolean;
  readonly cost: NetworkCost;
  /** Of jobs that have none of their own. */
  readonly costPolicy: CostPolicy;
}

/** What keeps a job from running, as an event of its state; no fault of the job or of its origin. */
export interface Obstacle {
  readonly event: 'network-lost' | 'blocked-by-policy';
  readonly error: PeerCacheError;
  /** Whether the job's history has it, where it ran: what a network costs is no error. */
  readonly isNoted: boolean;
}

type Obstructed = { readonly files: readonly FileRecord[]; readonly record: JobRecord };

/** Why a job must not run on this network (T-13, T-14), or undefined where it may. Pure. */
export function obstacleTo(
  { files, record }: Obstructed,
  { isOnline, cost, costPolicy }: NetworkNow,
): Obstacle | undefined {
  const policy = record.settings.costPolicy ?? costPolicy;
  if (isOnline && isAllowed(policy, cost)) return undefined;
  // A job of this machine alone uses no network.
  if (!needsNetwork(files)) return undefined;
  if (!isOnline) {
    return { event: 'network-lost', error: new NetworkDisconnectedError(), isNoted: true };
  }
  const error = new BlockedByCostError(policy, cost);
  return { event: 'blocked-by-policy', error, isNoted: false };
}

/** Whether a job waits for a network that it may use. */
export function isBlockedByCost({ record: { state, error } }: Pick<Obstructed, 'record'>): boolean {
  return state === 'transient-error' && error?.code === 'BLOCKED_BY_COST';
}
