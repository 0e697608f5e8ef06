import type { ContentInformation } from './content-information.ts';
import { DEFAULT_SERVE_FOR_SECONDS } from './content-information.ts';
import { blake3, DIGEST_BYTES, hash } from './hash.ts';
import type { Digest, DigestStream } from './hash.ts';
import {
  BLOCK_BYTES,
  BLOCKS_PER_SEGMENT,
  INLINE_BYTES,
  segmentBytes,
  segmentCount,
} from './layout.ts';
import { segmentHashOf, segmentSecretOf } from './segment-keys.ts';

/** What reading a content once tells about it, before any secret comes in. */
export interface HashedContent {
  readonly sizeBytes: number;
  readonly digest: Digest;
  /** Of every segment in order; none where `inline` is set. */
  readonly blockHashLists: readonly Uint8Array[];
  /** The content itself, where it has at most INLINE_BYTES. */
  readonly inline: Uint8Array | undefined;
}

export interface DescribeOptions {
  readonly serverSecret: Digest;
  /** The content's strong ETag at the origin, with its quotes. */
  readonly etag: string;
  /** 28 days, as in BranchCache. */
  readonly serveForSeconds?: number;
  readonly isPublic?: boolean;
}

/** Takes a content's bytes in order, in pieces of any size, and gives block hashes and digest. */
export class ContentHasher {
  readonly #lists: Uint8Array[] = [];
  readonly #rest: Uint8Array = new Uint8Array(BLOCK_BYTES);
  readonly #whole: DigestStream;
  readonly #list: Uint8Array = new Uint8Array(BLOCKS_PER_SEGMENT * DIGEST_BYTES);
  #blocksInList = 0;
  #restBytes = 0;
  #sizeBytes = 0;

  /** `whole` takes the digest of the whole; one that does nothing, where another thread takes it. */
  constructor(whole: DigestStream = blake3.createStream()) {
    this.#whole = whole;
  }

  update(bytes: Uint8Array): void {
    this.#whole.update(bytes);
    this.#sizeBytes += bytes.length;
    let at = this.#fillRest(bytes);
    // Whole blocks are hashed where they lie: no copy on the way of nearly all bytes.
    while (bytes.length - at >= BLOCK_BYTES) {
      this.#addBlock(bytes.subarray(at, at + BLOCK_BYTES));
      at += BLOCK_BYTES;
    }
    if (at < bytes.length) {
      this.#rest.set(bytes.subarray(at), this.#restBytes);
      this.#restBytes += bytes.length - at;
    }
  }

  /** To be called once, after the last byte. */
  finish(): HashedContent {
    const sizeBytes = this.#sizeBytes;
    const digest = this.#whole.digest();
    if (sizeBytes <= INLINE_BYTES) {
      return { sizeBytes, digest, blockHashLists: [], inline: this.#rest.slice(0, sizeBytes) };
    }
    if (this.#restBytes > 0) this.#addBlock(this.#rest.subarray(0, this.#restBytes));
    if (this.#blocksInList > 0) this.#endList();
    return { sizeBytes, digest, blockHashLists: this.#lists, inline: undefined };
  }

  #fillRest(bytes: Uint8Array): number {
    if (this.#restBytes === 0) return 0;
    const taken = Math.min(BLOCK_BYTES - this.#restBytes, bytes.length);
    this.#rest.set(bytes.subarray(0, taken), this.#restBytes);
    this.#restBytes += taken;
    if (this.#restBytes === BLOCK_BYTES) {
      this.#addBlock(this.#rest);
      this.#restBytes = 0;
    }
    return taken;
  }

  #addBlock(block: Uint8Array): void {
    this.#list.set(hash(block), this.#blocksInList * DIGEST_BYTES);
    this.#blocksInList++;
    if (this.#blocksInList === BLOCKS_PER_SEGMENT) this.#endList();
  }

  #endList(): void {
    this.#lists.push(this.#list.slice(0, this.#blocksInList * DIGEST_BYTES));
    this.#blocksInList = 0;
  }
}

/** Reads a content to its end and hashes it. */
export async function hashContent(bytes: AsyncIterable<Uint8Array>): Promise<HashedContent> {
  const hasher = new ContentHasher();
  for await (const part of bytes) hasher.update(part);
  return hasher.finish();
}

/** The content information of a hashed content, with the secrets that its origin hands out. */
export function describeContent(
  content: HashedContent,
  {
    serverSecret,
    etag,
    serveForSeconds = DEFAULT_SERVE_FOR_SECONDS,
    isPublic = false,
  }: DescribeOptions,
): ContentInformation {
  const { sizeBytes, digest, blockHashLists, inline } = content;
  if (blockHashLists.length !== segmentCount(sizeBytes)) {
    throw new RangeError(`${blockHashLists.length} block hash lists for ${sizeBytes} bytes`);
  }
  const segments = blockHashLists.map((list, index) => {
    const segmentHash = segmentHashOf(segmentBytes(sizeBytes, index), list);
    return { segmentHash, segmentSecret: segmentSecretOf(serverSecret, segmentHash) };
  });
  return { sizeBytes, digest, etag, serveForSeconds, isPublic, segments, inline };
}
