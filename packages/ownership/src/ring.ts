import { hash } from '@peer-cache/core';

/** Places on the ring are whole numbers below this. */
export const RING_SIZE: number = 2 ** 32;

/**
 * Where a peer stands for one content. It depends on the content, so that no peer is unlucky with
 * all of them; and on a key that the peer proved, so that it can't choose.
 */
export function placeOfPeer(peerId: string, contentId: string): number {
  return placeOf(`peer ${contentId} ${peerId}`);
}

/** Where a run stands. By its segment, so that a thousand contents of one run each spread out too. */
export function placeOfRun(segmentId: Uint8Array, runIndex: number): number {
  return placeOf(`run ${Buffer.from(segmentId).toString('hex')} ${runIndex}`);
}

/** The way between two places, the shorter way round. */
export function ringDistance(one: number, other: number): number {
  const way = Math.abs(one - other);
  return Math.min(way, RING_SIZE - way);
}

/** The same for two peers whichever asks: who keeps whom at random agrees on it. */
export function affinityOf(one: number, other: number): number {
  return placeOf(`pair ${Math.min(one, other)} ${Math.max(one, other)}`);
}

function placeOf(text: string): number {
  return Buffer.from(hash(Buffer.from(text))).readUInt32BE();
}
