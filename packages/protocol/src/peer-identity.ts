import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { deriveKey } from '@peer-cache/core';

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
const SEED_BYTES = 32;
export const PEER_ID_BYTES = 16;

/** What stands before the raw key in the DER forms of RFC 8410 §4 and §7. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An agent's Ed25519 key, which its peer ID is made from. */
export class PeerIdentity {
  readonly publicKey: Uint8Array;
  readonly #privateKey: KeyObject;

  /**
   * `seed` is the raw 32-byte private key (RFC 8032 §5.1.5).
   *
   * @throws {RangeError} when it has another length.
   */
  constructor(seed: Uint8Array) {
    if (seed.length !== SEED_BYTES) {
      throw new RangeError(`an identity needs ${SEED_BYTES} bytes, got ${seed.length}`);
    }
    this.#privateKey = createPrivateKey({
      key: Buffer.concat([PKCS8_PREFIX, seed]),
      format: 'der',
      type: 'pkcs8',
    });
    const der = createPublicKey(this.#privateKey).export({ format: 'der', type: 'spki' });
    this.publicKey = der.subarray(SPKI_PREFIX.length);
  }

  static create(): PeerIdentity {
    const { privateKey } = generateKeyPairSync('ed25519');
    const der = privateKey.export({ format: 'der', type: 'pkcs8' });
    return new PeerIdentity(der.subarray(PKCS8_PREFIX.length));
  }

  get peerId(): string {
    return peerIdOf(this.publicKey);
  }

  sign(bytes: Uint8Array): Uint8Array {
    return sign(undefined, bytes, this.#privateKey);
  }
}

/** A peer's name: 32 hexadecimal digits of a digest of the key that its hello proves. */
export function peerIdOf(publicKey: Uint8Array): string {
  const digest = deriveKey('peer-cache v1 peer ID', publicKey);
  return Buffer.from(digest.subarray(0, PEER_ID_BYTES)).toString('hex');
}

/** Whether the holder of `publicKey` (32 raw bytes) signed these bytes. */
export function isSignature(
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    const key = Buffer.concat([SPKI_PREFIX, publicKey]);
    const keyObject = createPublicKey({ key, format: 'der', type: 'spki' });
    return verify(undefined, bytes, keyObject, signature);
  } catch {
    // 32 bytes that are no point on the curve: nobody's key, so nobody's signature.
    return false;
  }
}
