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

/** The way from one place to another, the shorter way round; negative where that is backwards. */
export function ringWay(from: number, to: number): number {
  const forwards = (to - from + RING_SIZE) % RING_SIZE;
  return forwards <= RING_SIZE / 2 ? forwards : forwards - RING_SIZE;
}

/** How long that is. */
export function ringDistance(one: number, other: number): number {
  const way = Math.abs(one - other);
  return Math.min(way, RING_SIZE - way);
}

/** The same for two peers whichever asks: who keeps whom at random agrees on it. */
export function affinityOf(one: number, other: number): number {
  // Places are hashes already, so a mix that costs nothing will do (murmur3's last steps).
  const pair = Math.imul(Math.min(one, other), 0x9e3779b1) ^ Math.max(one, other);
  const half = Math.imul(pair ^ (pair >>> 16), 0x85ebca6b);
  const mixed = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function placeOf(text: string): number {
  return Buffer.from(hash(Buffer.from(text))).readUInt32BE();
}
