import { createCipheriv } from 'node:crypto';
import {
  BLOCK_BYTES,
  ContentHasher,
  describeContent,
  segmentKeysOf,
  serverSecretFrom,
} from '../../src/index.ts';
import type { ContentInformation, HashedContent, SegmentKeys } from '../../src/index.ts';

/** `0, 1, … 250, 0, 1, …`: the input of the official BLAKE3 test vectors, of any length. */
export function patternBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index % 251);
}

/** Bytes that look random and are the same for the same seed. */
export function seededBytes(seed: number, length: number): Buffer {
  const key = Buffer.alloc(16);
  key.writeUInt32BE(seed >>> 0);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** The bytes cut into pieces of a random size up to `mostBytes`, some of them empty. */
export function* inPieces(
  bytes: Uint8Array,
  seed: number,
  mostBytes: number,
): Generator<Uint8Array> {
  const sizes = seededBytes(seed, 4096);
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes.readUInt32BE((4 * turn) % sizes.length) % (mostBytes + 1);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** A content and all that an origin knows about it. */
export interface DescribedContent {
  readonly bytes: Uint8Array;
  readonly hashed: HashedContent;
  readonly information: ContentInformation;
}

/** Describes a content as an origin with a server secret of its own does. */
export function describe(bytes: Uint8Array): DescribedContent {
  const hasher = new ContentHasher();
  hasher.update(bytes);
  const hashed = hasher.finish();
  const serverSecret = serverSecretFrom(patternBytes(32));
  return { bytes, hashed, information: describeContent(hashed, { serverSecret, etag: '"1"' }) };
}

/** The first segment of a described content: what seals it, and its block hash list. */
export interface FirstSegment {
  readonly keys: SegmentKeys;
  readonly segmentHash: Uint8Array;
  readonly blockHashList: Uint8Array;
}

/** @throws {RangeError} for a content that travels inline. */
export function firstSegmentOf({ hashed, information }: DescribedContent): FirstSegment {
  const [entry] = information.segments;
  const [blockHashList] = hashed.blockHashLists;
  if (!entry || !blockHashList) throw new RangeError('a content without segments');
  return { keys: segmentKeysOf(entry), segmentHash: entry.segmentHash, blockHashList };
}

/** The bytes of a block of the content's first segment. */
export function blockOf(bytes: Uint8Array, blockIndex: number): Uint8Array {
  return bytes.subarray(blockIndex * BLOCK_BYTES, (blockIndex + 1) * BLOCK_BYTES);
}

/** The bytes with one bit changed. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
