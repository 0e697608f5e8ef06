export { bitCount, BlockSet } from './block-set.ts';
export { decodeCbor, encodeCbor } from './cbor.ts';
export {
  blockHashListOffset,
  CONTENT_INFORMATION_TYPE,
  decodeRoot,
  encodeRoot,
  MOST_ROOT_BYTES,
  ROOT_HEADER_BYTES,
  rootBytes,
} from './content-codec.ts';
export {
  allBlockHashListsBytes,
  blockHashAt,
  blockHashListBytes,
  DEFAULT_SERVE_FOR_SECONDS,
  verifyBlockHashList,
} from './content-information.ts';
export type { ContentInformation } from './content-information.ts';
export {
  asError,
  BlockHashListMismatchError,
  BlockMismatchError,
  MalformedContentInformationError,
  messageOf,
  PeerCacheError,
  SealBrokenError,
} from './errors.ts';
export { blake3, deriveKey, DIGEST_BYTES, digestsEqual, hash, keyedHash } from './hash.ts';
export type { Digest, DigestStream } from './hash.ts';
export { ContentHasher, describeContent, hashContent } from './hash-content.ts';
export type { DescribeOptions, HashedContent } from './hash-content.ts';
export {
  BLOCK_BYTES,
  blockBytes,
  blockCount,
  blockRange,
  BLOCKS_PER_SEGMENT,
  INLINE_BYTES,
  SEGMENT_BYTES,
  segmentBytes,
  segmentCount,
} from './layout.ts';
export { silentLog } from './log.ts';
export type { Log } from './log.ts';
export {
  isProof,
  LOOKUP_PROOF_BYTES,
  lookupProofOf,
  NONCE_BYTES,
  PROOF_BYTES,
  proofOf,
} from './proof.ts';
export type { HelloNonces } from './proof.ts';
export { clipRange } from './ranges.ts';
export type { ByteRange } from './ranges.ts';
export { releaseMemory } from './release-memory.ts';
export {
  BLOCK_HASH_LIST_INDEX,
  openSealed,
  SEAL_BYTES,
  sealBlock,
  sealBlockHashList,
  SEALED_BLOCK_BYTES,
} from './seal.ts';
export {
  publicServerSecret,
  SEGMENT_ID_BYTES,
  segmentHashOf,
  segmentKeysOf,
  segmentSecretOf,
  serverSecretFrom,
} from './segment-keys.ts';
export type { SegmentEntry, SegmentKeys } from './segment-keys.ts';
export { DAY_MS, GIB, HOUR_MS, KIB, MIB, MINUTE_MS, SECOND_MS } from './units.ts';
export { parseSize } from './written-size.ts';
export { verifyBlock, VerifiedBlock } from './verified-block.ts';
