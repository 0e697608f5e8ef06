import { SECOND_MS } from '@peer-cache/core';
import type { KnownPeer } from '@peer-cache/discovery';
import type { Peer } from '@peer-cache/download';
import type { PeerStatus } from '@peer-cache/protocol';

/** Peers that were met, and peers that only made themselves known, each once. */
export function peerStatuses(met: readonly Peer[], known: readonly KnownPeer[]): PeerStatus[] {
  const nowMs = performance.now();
  const statuses = new Map<string, PeerStatus>();
  for (const { address, heardMsAgo } of known) {
    const name = nameOf(address);
    statuses.set(name, { name, receivedBytes: 0, lastSeenSeconds: seconds(heardMsAgo) });
  }
  for (const { address, peerId, receivedBytes, lastSeenMs } of met) {
    const name = nameOf(address);
    const heardSeconds = statuses.get(name)?.lastSeenSeconds;
    const metSeconds = lastSeenMs === undefined ? undefined : seconds(nowMs - lastSeenMs);
    const lastSeenSeconds = least(heardSeconds, metSeconds);
    statuses.set(name, { name, peerId, receivedBytes, lastSeenSeconds });
  }
  return [...statuses.values()];
}

function nameOf({ host, port, socketPath }: Peer['address']): string {
  if (socketPath !== undefined) return socketPath;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function seconds(ms: number): number {
  return Math.round(ms / SECOND_MS);
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
