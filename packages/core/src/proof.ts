import { digestsEqual, keyedHash } from './hash.ts';

export const PROOF_BYTES = 16;
export const NONCE_BYTES = 16;

/** Who proves: each side of a connection has a role of its own, so a proof can't be mirrored. */
export type ProofRole = 'client' | 'server';

/** The nonces that both sides of a connection chose in its hello. */
export interface HelloNonces {
  readonly clientNonce: Uint8Array;
  readonly serverNonce: Uint8Array;
}

const ROLE_BYTES = { client: 1, server: 2 } as const;
const LOOKUP_BYTE = 3;

/** Proves on one connection that the prover holds the segment's content information. */
export function proofOf(
  proofKey: Uint8Array,
  role: ProofRole,
  { clientNonce, serverNonce }: HelloNonces,
  segmentId: Uint8Array,
): Uint8Array {
  const input = Buffer.concat([
    Uint8Array.of(ROLE_BYTES[role]),
    clientNonce,
    serverNonce,
    segmentId,
  ]);
  return keyedHash(proofKey, input).subarray(0, PROOF_BYTES);
}

/** Whether `proof` is what {@link proofOf} gives, in constant time. */
export function isProof(
  proof: Uint8Array,
  proofKey: Uint8Array,
  role: ProofRole,
  nonces: HelloNonces,
  segmentId: Uint8Array,
): boolean {
  return digestsEqual(proof, proofOf(proofKey, role, nonces, segmentId));
}

export const LOOKUP_PROOF_BYTES = 8;

/**
 * Proves a multicast lookup, where there is no hello: over the asker's own nonce, address and
 * port, so that whoever repeats an overheard packet from elsewhere is not answered.
 */
export function lookupProofOf(
  proofKey: Uint8Array,
  lookupNonce: Uint8Array,
  askerAddress: string,
  askerPort: number,
  segmentId: Uint8Array,
): Uint8Array {
  const input = Buffer.concat([
    Uint8Array.of(LOOKUP_BYTE),
    lookupNonce,
    segmentId,
    Buffer.from(`${askerAddress} ${askerPort}`),
  ]);
  return keyedHash(proofKey, input).subarray(0, LOOKUP_PROOF_BYTES);
}
