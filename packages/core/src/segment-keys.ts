import { deriveKey, keyedHash } from './hash.ts';
import type { Digest } from './hash.ts';

/** A segment ID is 16 bytes, so that some 48 of them with their proofs fit one multicast packet. */
export const SEGMENT_ID_BYTES = 16;

/** What the holder of a segment's content information can compute about it. */
export interface SegmentKeys {
  /** Public label of the segment on the LAN; whoever knows only it gets nothing. */
  readonly segmentId: Uint8Array;
  /** Seals blocks between peers (AES-256). Commits to the segment's bytes. */
  readonly sealingKey: Uint8Array;
  /** Proves to a peer that one holds the content information. */
  readonly proofKey: Uint8Array;
}

/** What content information says about one segment. Whoever holds it may read the segment. */
export interface SegmentEntry {
  /** HoD in [MS-PCCRC] 2.2: digest of the segment's length and block hash list. */
  readonly segmentHash: Digest;
  /** Kp in [MS-PCCRC] 2.2. Only in content information, never sent to a peer. */
  readonly segmentSecret: Digest;
}

/** The origin's key Ks ([MS-PCCRC] 2.2) from at least 32 random bytes that it keeps to itself. */
export function serverSecretFrom(randomBytes: Uint8Array): Digest {
  if (randomBytes.length < 32) {
    throw new RangeError(`a server secret needs at least 32 bytes, got ${randomBytes.length}`);
  }
  return deriveKey('peer-cache v1 server secret', randomBytes);
}

/**
 * The server secret of public content: a constant, so that origins which never met share one LAN
 * cache. IDs made with it can be computed by anybody who has the file.
 */
export function publicServerSecret(): Digest {
  return serverSecretFrom(Buffer.alloc(32));
}

/**
 * The digest of a segment (HoD): its length and block hashes, in a mode of its own so that it can
 * never equal the hash of a block.
 */
export function segmentHashOf(bytesOfSegment: number, blockHashList: Uint8Array): Digest {
  const input = Buffer.alloc(8 + blockHashList.length);
  input.writeBigUInt64LE(BigInt(bytesOfSegment));
  input.set(blockHashList, 8);
  return deriveKey('peer-cache v1 segment hash', input);
}

/** The segment secret (Kp) that an origin with `serverSecret` gives to whom it authorises. */
export function segmentSecretOf(serverSecret: Digest, segmentHash: Digest): Digest {
  return keyedHash(serverSecret, segmentHash);
}

/**
 * The segment's ID and keys. Always computed, never read from a message: all of them commit to
 * the segment hash, so an ID certifies its bytes whoever gave them.
 */
export function segmentKeysOf({ segmentHash, segmentSecret }: SegmentEntry): SegmentKeys {
  const segmentRoot = deriveKey(
    'peer-cache v1 segment root',
    Buffer.concat([segmentSecret, segmentHash]),
  );
  return {
    segmentId: deriveKey('peer-cache v1 segment ID', segmentRoot).subarray(0, SEGMENT_ID_BYTES),
    sealingKey: deriveKey('peer-cache v1 sealing key', segmentRoot),
    proofKey: deriveKey('peer-cache v1 proof key', segmentRoot),
  };
}
