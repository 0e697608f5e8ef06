import { Readable } from 'node:stream';
import { CONTENT_INFORMATION_TYPE, KIB } from '@peer-cache/core';
import type { ByteRange } from '@peer-cache/core';
import { ContentFile } from './content-file.ts';
import { contentTypeOf } from './content-type.ts';
import type { DescribedContent } from './described-content.ts';
import { ContentChangedError } from './errors.ts';

/** One of the two forms in which a content's URL can be had, open for reading. */
export interface Representation extends AsyncDisposable {
  readonly name: 'content' | 'content-information';
  readonly mediaType: string;
  readonly etag: string;
  /** Milliseconds since 1970; undefined where the ETag is the only validator. */
  readonly modifiedMs: number | undefined;
  readonly sizeBytes: number;
  /** A range from byte 0 on is answered up to here at most (RFC 9110 §15.3.7 allows it). */
  readonly leadBytes: number;
  /** Reads at least one byte of the range, from its start. */
  read(range: ByteRange): Promise<Uint8Array>;
}

/** Memory that a reader who stalls may hold. */
const PIECE_BYTES = 256 * KIB;

/** The content itself. Whoever disposes of this closes the file. */
export function contentRepresentation(file: ContentFile): Representation {
  return {
    name: 'content',
    mediaType: contentTypeOf(file.path),
    etag: file.etag,
    modifiedMs: file.modifiedMs,
    sizeBytes: file.sizeBytes,
    leadBytes: file.sizeBytes,
    async read(range) {
      const bytes = await readFrom(file, range, 0);
      // Bytes of two states of a file under one ETag would be a wrong file at the client.
      await file.assertSameBytes();
      return bytes;
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

/**
 * The content information: root, then block hash lists.
 *
 * @throws {ContentChangedError} when the kept block hash lists are gone or others.
 */
export async function informationRepresentation({
  root,
  etag,
  sizeBytes,
  lists,
}: DescribedContent): Promise<Representation> {
  const isKept = !(lists instanceof Uint8Array);
  const file = isKept ? await ContentFile.open(lists.path).catch(() => undefined) : undefined;
  if (isKept && file?.etag !== lists.etag) {
    await file?.[Symbol.asyncDispose]();
    throw new ContentChangedError(lists.path);
  }
  return {
    name: 'content-information',
    mediaType: CONTENT_INFORMATION_TYPE,
    etag,
    modifiedMs: undefined,
    sizeBytes,
    leadBytes: root.length,
    async read({ startByte, endByte }) {
      if (startByte < root.length) return root.subarray(startByte, endByte);
      const range = { startByte: startByte - root.length, endByte: endByte - root.length };
      if (!isKept) return lists.subarray(range.startByte, range.endByte);
      if (file === undefined) throw new ContentChangedError(lists.path);
      return readFrom(file, range, lists.offsetBytes);
    },
    async [Symbol.asyncDispose]() {
      await file?.[Symbol.asyncDispose]();
    },
  };
}

/** A range that is sent in one piece, else undefined. */
export async function readWhole(
  representation: Representation,
  { startByte, endByte }: ByteRange,
): Promise<Buffer | undefined> {
  if (endByte - startByte > PIECE_BYTES) return undefined;
  const parts: Uint8Array[] = [];
  for (let at = startByte; at < endByte;) {
    const part = await representation.read({ startByte: at, endByte });
    parts.push(part);
    at += part.length;
  }
  return Buffer.concat(parts);
}

/** The bytes of a range as a stream, which disposes of the representation when it closes. */
export function streamOf(
  representation: Representation,
  { startByte, endByte }: ByteRange,
): Readable {
  let at = startByte;
  const pushNext = async () => {
    const range = { startByte: at, endByte: Math.min(endByte, at + PIECE_BYTES) };
    const piece = at < endByte ? await representation.read(range) : undefined;
    at += piece?.length ?? 0;
    stream.push(piece ?? null);
  };
  const stream: Readable = new Readable({
    highWaterMark: PIECE_BYTES,
    // A failed read ends the connection: the client sees that the body is short.
    read: () => void pushNext().catch((error: Error) => stream.destroy(error)),
  });
  // Nobody waits for the file to be closed.
  stream.once('close', () => void representation[Symbol.asyncDispose]());
  return stream;
}

async function readFrom(
  file: ContentFile,
  { startByte, endByte }: ByteRange,
  offsetBytes: number,
): Promise<Uint8Array> {
  const length = Math.min(endByte - startByte, PIECE_BYTES);
  const position = offsetBytes + startByte;
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.handle.read(buffer, 0, length, position);
  if (bytesRead === 0) throw new ContentChangedError(file.path);
  return buffer.subarray(0, bytesRead);
}
