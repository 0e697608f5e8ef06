import { decodeCbor, encodeCbor } from './cbor.ts';
import type { ContentInformation } from './content-information.ts';
import { MalformedContentInformationError } from './errors.ts';
import { DIGEST_BYTES, digestsEqual, hash } from './hash.ts';
import { BLOCKS_PER_SEGMENT, INLINE_BYTES, segmentCount } from './layout.ts';
import type { SegmentEntry } from './segment-keys.ts';
import { MIB } from './units.ts';

export const CONTENT_INFORMATION_TYPE = 'application/vnd.peer-cache.content-information+cbor';
/** `PCCI`, then the length of the root: what stands before the root, so that a reader can bound it. */
export const ROOT_HEADER_BYTES = 8;
/** Room for a million segments (32 TiB); more is refused before anything is allocated for it. */
export const MOST_ROOT_BYTES: number = 64 * MIB;

const MAGIC = 0x50_43_43_49;
const VERSION = 1;
const ENTRY_BYTES = 2 * DIGEST_BYTES;
/** The map, its eight names and their values, and some to spare for a better message. */
const MOST_ITEMS = 32;
const MOST_ETAG_CHARACTERS = 1024;
/** 400 days: a longer promise is refused rather than believed. */
const MOST_SERVE_SECONDS = 400 * 24 * 60 * 60;
const FIELDS = 'digest etag inline public segments serveForSeconds size version';
const STRONG_ETAG = /^"[\x21\x23-\x7e\x80-\xff]*"$/;

/** The root with its header. The block hash lists follow it, one after the other, in a sidecar. */
export function encodeRoot(information: ContentInformation): Uint8Array {
  const { segments, inline } = information;
  const entries = Buffer.concat(
    segments.flatMap(({ segmentHash, segmentSecret }) => [segmentHash, segmentSecret]),
  );
  const root = encodeCbor({
    version: VERSION,
    size: information.sizeBytes,
    digest: information.digest,
    etag: information.etag,
    serveForSeconds: information.serveForSeconds,
    public: information.isPublic,
    segments: entries,
    inline: inline ?? new Uint8Array(),
  });
  const header = Buffer.alloc(ROOT_HEADER_BYTES);
  header.writeUInt32BE(MAGIC);
  header.writeUInt32BE(root.length, 4);
  return Buffer.concat([header, root]);
}

/**
 * How many bytes header and root have together, from the header.
 *
 * @throws {MalformedContentInformationError} when it is no header, or names an absurd length.
 */
export function rootBytes(header: Uint8Array): number {
  if (header.length < ROOT_HEADER_BYTES) malformed('shorter than its header');
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.getUint32(0) !== MAGIC) malformed('does not begin with PCCI');
  const length = view.getUint32(4);
  if (length > MOST_ROOT_BYTES) malformed(`a root of ${length} bytes`);
  return ROOT_HEADER_BYTES + length;
}

/**
 * Content information from the bytes of header and root (what follows them is ignored).
 *
 * @throws {MalformedContentInformationError} for anything else, within time and memory
 *   proportional to the bytes given.
 */
export function decodeRoot(bytes: Uint8Array): ContentInformation {
  const endByte = rootBytes(bytes);
  if (bytes.length < endByte) malformed(`cut off at ${bytes.length} of ${endByte} bytes`);
  const root = decodeRecord(bytes.subarray(ROOT_HEADER_BYTES, endByte));
  const sizeBytes = wholeNumber(root, 'size', Number.MAX_SAFE_INTEGER);
  const digest = byteString(root, 'digest', DIGEST_BYTES);
  const entryBytes = segmentCount(sizeBytes) * ENTRY_BYTES;
  const segments = decodeSegments(byteString(root, 'segments', entryBytes));
  const isInline = sizeBytes <= INLINE_BYTES;
  const inline = byteString(root, 'inline', isInline ? sizeBytes : 0);
  if (isInline && !digestsEqual(hash(inline), digest)) malformed('inline bytes of another digest');
  return {
    sizeBytes,
    digest,
    etag: strongEtag(root),
    serveForSeconds: wholeNumber(root, 'serveForSeconds', MOST_SERVE_SECONDS),
    isPublic: truth(root, 'public'),
    segments,
    inline: isInline ? inline : undefined,
  };
}

/** Where the block hash list of a segment lies in the full content information (root, then lists). */
export function blockHashListOffset(rootLengthBytes: number, segmentIndex: number): number {
  return rootLengthBytes + segmentIndex * FULL_LIST_BYTES;
}

const FULL_LIST_BYTES = BLOCKS_PER_SEGMENT * DIGEST_BYTES;

function decodeRecord(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = decodeCbor(bytes, { mostItems: MOST_ITEMS });
  } catch (cause) {
    throw new MalformedContentInformationError('not strict CBOR', { cause });
  }
  if (!isRecord(value)) malformed('not a map');
  if (Object.keys(value).toSorted().join(' ') !== FIELDS) malformed('other fields than expected');
  if (value['version'] !== VERSION) malformed('another version');
  return value;
}

function decodeSegments(entries: Uint8Array): SegmentEntry[] {
  return Array.from({ length: entries.length / ENTRY_BYTES }, (_, index) => {
    const start = index * ENTRY_BYTES;
    return {
      segmentHash: entries.subarray(start, start + DIGEST_BYTES),
      segmentSecret: entries.subarray(start + DIGEST_BYTES, start + ENTRY_BYTES),
    };
  });
}

function wholeNumber(root: Record<string, unknown>, name: string, most: number): number {
  const value = root[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
    malformed(`${name} is no whole number up to ${most}`);
  }
  return value;
}

function byteString(root: Record<string, unknown>, name: string, length: number): Uint8Array {
  const value = root[name];
  if (!(value instanceof Uint8Array) || value.length !== length) {
    malformed(`${name} is not ${length} bytes`);
  }
  return value;
}

function truth(root: Record<string, unknown>, name: string): boolean {
  const value = root[name];
  if (typeof value !== 'boolean') malformed(`${name} is neither true nor false`);
  return value;
}

function strongEtag(root: Record<string, unknown>): string {
  const { etag } = root;
  if (typeof etag !== 'string' || etag.length > MOST_ETAG_CHARACTERS || !STRONG_ETAG.test(etag)) {
    malformed('etag is no strong entity tag');
  }
  return etag;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(reason: string): never {
  throw new MalformedContentInformationError(reason);
}
