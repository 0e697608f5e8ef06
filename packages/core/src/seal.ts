import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { verifyBlockHashList } from './content-information.ts';
import { SealBrokenError } from './errors.ts';
import { BLOCK_BYTES } from './layout.ts';
import type { SegmentEntry, SegmentKeys } from './segment-keys.ts';
import { VerifiedBlock } from './verified-block.ts';

/** The GCM tag behind every sealed block. */
export const SEAL_BYTES = 16;
export const SEALED_BLOCK_BYTES: number = BLOCK_BYTES + SEAL_BYTES;
/** The "block index" of a segment's block hash list where it travels or is sealed like a block. */
export const BLOCK_HASH_LIST_INDEX = 0xff_ff_ff_ff;

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const PROTOCOL_VERSION = 1;
const KEY_OBJECTS = new WeakMap<Uint8Array, KeyObject>();

/** What seals and opens: the segment's ID and sealing key. */
export type SealingKeys = Pick<SegmentKeys, 'segmentId' | 'sealingKey'>;

/**
 * A verified block sealed for peers: ciphertext, then tag. The same on every machine: the nonce is
 * the block index, safe because the key commits to the segment's bytes, so that one (key, nonce)
 * can only ever seal one plaintext. That is why nothing but a verified block is accepted.
 *
 * @throws {TypeError} for anything that is not a verified block.
 */
export function sealBlock(keys: SealingKeys, block: VerifiedBlock): Buffer {
  if (!VerifiedBlock.isVerified(block)) throw new TypeError('only a verified block can be sealed');
  return seal(keys, block.blockIndex, block.bytes);
}

/**
 * A block hash list sealed like a block, after a check against the segment hash.
 *
 * @throws {BlockHashListMismatchError} when the list is not the segment's.
 */
export function sealBlockHashList(
  keys: SealingKeys,
  segment: Pick<SegmentEntry, 'segmentHash'> & { readonly sizeBytes: number },
  blockHashList: Uint8Array,
): Buffer {
  verifyBlockHashList(blockHashList, segment);
  return seal(keys, BLOCK_HASH_LIST_INDEX, blockHashList);
}

/**
 * The plaintext of a sealed block or block hash list. It is authentic to the holders of the key,
 * which is not yet verified: a holder may lie.
 *
 * @throws {SealBrokenError} when any bit differs from what was sealed, or index or segment do.
 */
export function openSealed(keys: SealingKeys, blockIndex: number, sealed: Uint8Array): Buffer {
  if (sealed.length < SEAL_BYTES) throw new SealBrokenError(blockIndex);
  const textEnd = sealed.length - SEAL_BYTES;
  const decipher = createDecipheriv(ALGORITHM, keyObjectOf(keys.sealingKey), nonceOf(blockIndex), {
    authTagLength: SEAL_BYTES,
  });
  decipher.setAAD(associatedData(keys.segmentId, blockIndex));
  decipher.setAuthTag(sealed.subarray(textEnd));
  const bytes = decipher.update(sealed.subarray(0, textEnd));
  try {
    decipher.final();
  } catch (cause) {
    throw new SealBrokenError(blockIndex, { cause });
  }
  return bytes;
}

function seal(keys: SealingKeys, blockIndex: number, bytes: Uint8Array): Buffer {
  const cipher = createCipheriv(ALGORITHM, keyObjectOf(keys.sealingKey), nonceOf(blockIndex), {
    authTagLength: SEAL_BYTES,
  });
  cipher.setAAD(associatedData(keys.segmentId, blockIndex));
  const text = cipher.update(bytes);
  cipher.final();
  return Buffer.concat([text, cipher.getAuthTag()]);
}

/** Preparing a key costs a third of opening a block, so it is done once for each segment. */
function keyObjectOf(sealingKey: Uint8Array): KeyObject {
  let keyObject = KEY_OBJECTS.get(sealingKey);
  if (keyObject === undefined) {
    keyObject = createSecretKey(sealingKey);
    KEY_OBJECTS.set(sealingKey, keyObject);
  }
  return keyObject;
}

function nonceOf(blockIndex: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32BE(blockIndex, NONCE_BYTES - 4);
  return nonce;
}

function associatedData(segmentId: Uint8Array, blockIndex: number): Buffer {
  const data = Buffer.alloc(1 + segmentId.length + 4);
  data.writeUInt8(PROTOCOL_VERSION);
  data.set(segmentId, 1);
  data.writeUInt32BE(blockIndex, 1 + segmentId.length);
  return data;
}
