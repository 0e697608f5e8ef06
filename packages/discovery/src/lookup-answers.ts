import { digestsEqual, lookupProofOf } from '@peer-cache/core';
import type { Holdings, SegmentLookup } from './finder.ts';
import type { LookupEntry, LookupQuery } from './lookup-packet.ts';
import { provenText } from './prefixes.ts';

/** The IP address and UDP port that a datagram came from. */
export interface Source {
  readonly address: string;
  readonly port: number;
}

/** Some 24 answers are enough for anybody, and no burst for any switch. */
const ENOUGH_ANSWERS = 24;
const JITTER_PER_AGENT_MS = 0.5;
const MOST_JITTER_MS = 60;

/** Checked in place of a missing key, so that a segment not held takes as long as one held. */
const NO_KEY: Uint8Array = new Uint8Array(32);

/** The places of the entries that are held and whose proof is right for this very asker. */
export function heldEntries(query: LookupQuery, asker: Source, holdings: Holdings): number[] {
  const address = provenText(asker.address);
  const isHeld = ({ segmentId, proof }: LookupEntry): boolean => {
    const key = holdings.proofKeyOf(segmentId);
    const expected = lookupProofOf(key ?? NO_KEY, query.nonce, address, asker.port, segmentId);
    return digestsEqual(proof, expected) && key !== undefined;
  };
  return query.entries.flatMap((entry, index) => (isHeld(entry) ? [index] : []));
}

/** The entries of a query that an asker at this address and port sends for some segments. */
export function provenEntries(
  lookups: readonly SegmentLookup[],
  nonce: Uint8Array,
  asker: Source,
): LookupEntry[] {
  const address = provenText(asker.address);
  return lookups.map(({ segmentId, proofKey }) => ({
    segmentId,
    proof: lookupProofOf(proofKey, nonce, address, asker.port, segmentId),
  }));
}

/**
 * Whether we are among those who answer. With many agents about, a query is first answered by
 * some 24 of them. It is only repeated for segments that nobody answered for, which few can hold:
 * then everybody answers.
 */
export function isAnswering(round: number, knownAgents: number, random: number): boolean {
  return round > 0 || random * knownAgents < ENOUGH_ANSWERS;
}

/** How long to wait with an answer, so that those of many agents don't collide; `random` < 1. */
export function answerDelayMs(knownAgents: number, random: number): number {
  return random * Math.min(MOST_JITTER_MS, knownAgents * JITTER_PER_AGENT_MS);
}
