import { hash, segmentKeysOf } from '@peer-cache/core';
import type { SegmentKeys } from '@peer-cache/core';
import type { Holdings, SegmentLookup } from '../../src/index.ts';

/** Segments with the same keys wherever they are made from the same name. */
export function segments(name: string, count: number): SegmentKeys[] {
  return Array.from({ length: count }, (_, index) => {
    const digest = hash(Buffer.from(`${name} ${index}`));
    return segmentKeysOf({ segmentHash: digest, segmentSecret: digest });
  });
}

export function lookupsFor(keys: readonly SegmentKeys[]): SegmentLookup[] {
  return keys.map(({ segmentId, proofKey }) => ({ segmentId, proofKey }));
}

export function holding(keys: readonly SegmentKeys[]): Holdings {
  const proofKeys = new Map(keys.map(({ segmentId, proofKey }) => [hex(segmentId), proofKey]));
  return { proofKeyOf: (segmentId) => proofKeys.get(hex(segmentId)) };
}

/** A name for content that no other test, and no agent on this machine, uses. */
export function uniqueName(title: string): string {
  return `${title} ${process.pid} ${Math.random()}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
