import test from 'ava';
import * as fc from 'fast-check';
import {
  isProof,
  keyedHash,
  LOOKUP_PROOF_BYTES,
  lookupProofOf,
  PROOF_BYTES,
  proofOf,
} from '../src/index.ts';
import type { ProofRole } from '../src/proof.ts';
import { flipped, patternBytes } from './helpers/content.ts';
import { holds } from './helpers/property.ts';

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const role: fc.Arbitrary<ProofRole> = fc.constantFrom('client', 'server');
const nonces = fc.record({ clientNonce: bytesOf(16), serverNonce: bytesOf(16) });

const KEY = patternBytes(32);
const NONCES = { clientNonce: patternBytes(16), serverNonce: patternBytes(16).toReversed() };
const ID = patternBytes(200).subarray(100, 116);

test('a proof is good for the role, connection and segment that it was made for', (t) => {
  const property = fc.property(bytesOf(32), role, nonces, bytesOf(16), (key, who, both, id) => {
    const proof = proofOf(key, who, both, id);
    return proof.length === PROOF_BYTES && isProof(proof, key, who, both, id);
  });
  holds(t, property);
});

test('a proof is good for nothing else', (t) => {
  const proof = proofOf(KEY, 'client', NONCES, ID);
  const { clientNonce, serverNonce } = NONCES;
  t.false(isProof(proof, KEY, 'server', NONCES, ID));
  t.false(isProof(proof, patternBytes(33).subarray(1), 'client', NONCES, ID));
  t.false(isProof(proof, KEY, 'client', NONCES, patternBytes(16)));
  t.false(isProof(proof, KEY, 'client', { clientNonce, serverNonce: clientNonce }, ID));
  const mirrored = { clientNonce: serverNonce, serverNonce: clientNonce };
  t.false(isProof(proof, KEY, 'client', mirrored, ID));
});

test('a proof that differs in a bit, or in length, is none', (t) => {
  const proof = proofOf(KEY, 'server', NONCES, ID);
  for (let bit = 0; bit < 8 * PROOF_BYTES; bit++) {
    t.false(isProof(flipped(proof, bit), KEY, 'server', NONCES, ID));
  }
  t.false(isProof(proof.subarray(1), KEY, 'server', NONCES, ID));
  t.false(isProof(new Uint8Array(), KEY, 'server', NONCES, ID));
});

test('a proof is the beginning of the keyed hash of role, nonces and segment ID', (t) => {
  const input = Buffer.concat([Uint8Array.of(2), NONCES.clientNonce, NONCES.serverNonce, ID]);
  t.deepEqual(proofOf(KEY, 'server', NONCES, ID), keyedHash(KEY, input).subarray(0, 16));
});

test('the proof of a lookup is bound to nonce, segment and where the asker is', (t) => {
  const nonce = patternBytes(16);
  const proofs = [
    lookupProofOf(KEY, nonce, '192.0.2.7', 50_000, ID),
    lookupProofOf(KEY, nonce, '192.0.2.8', 50_000, ID),
    lookupProofOf(KEY, nonce, '192.0.2.7', 50_001, ID),
    lookupProofOf(KEY, nonce, '192.0.2.7', 50_000, patternBytes(16)),
    lookupProofOf(KEY, ID, '192.0.2.7', 50_000, ID),
    lookupProofOf(patternBytes(33).subarray(1), nonce, '192.0.2.7', 50_000, ID),
  ];
  t.true(proofs.every((proof) => proof.length === LOOKUP_PROOF_BYTES));
  t.is(new Set(proofs.map((proof) => Buffer.from(proof).toString('hex'))).size, proofs.length);
});
