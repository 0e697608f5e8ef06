import type { Readable } from 'node:stream';
import { createBrotliDecompress, createUnzip, createZstdDecompress } from 'node:zlib';
import {
  OriginProtocolError,
  contentCoding,
  contentLength,
  contentRange,
  field,
  strongValidator,
  errorOfStatus,
  shownUrl,
} from '@peer-cache/transport';
import type { OriginResponse } from '@peer-cache/transport';

/** What one answer of a plain origin brings: bytes of the content from `startByte` on. */
export interface PlainAnswer {
  readonly startByte: number;
  /** Undefined where only the end of the body tells. */
  readonly endByte: number | undefined;
  /** Of the whole content; undefined where the answer doesn't tell. */
  readonly sizeBytes: number | undefined;
  /** Ties other answers to this one; undefined where nothing does. */
  readonly validator: string | undefined;
  readonly isWhole: boolean;
}

/** @throws {PeerCacheError} for an answer that brings no content */
export function plainAnswer(url: string, { status, fields }: OriginResponse): PlainAnswer {
  if (isEmptyContent(status, fields)) {
    const validator = strongValidator(fields);
    return { startByte: 0, endByte: 0, sizeBytes: 0, validator, isWhole: true };
  }
  if (status !== 200 && status !== 206) throw errorOfStatus(shownUrl(url), status, fields);
  const range = status === 206 ? contentRange(fields) : undefined;
  if (status === 206 && range === undefined) {
    throw new OriginProtocolError(shownUrl(url), 'a range that it does not name');
  }
  const isCoded = contentCoding(fields) !== undefined;
  const sizeBytes = range === undefined ? contentLength(fields) : range.sizeBytes;
  const { startByte, endByte } = range ?? { startByte: 0, endByte: sizeBytes };
  const isWhole = range === undefined || (startByte === 0 && endByte === sizeBytes);
  // Of a coded content neither length nor ranges are those of the content.
  if (isCoded) {
    return { startByte, endByte: undefined, sizeBytes: undefined, validator: undefined, isWhole };
  }
  return { startByte, endByte, sizeBytes, validator: strongValidator(fields), isWhole };
}

/** The body without the coding that the origin chose although identity was asked for. */
export function decodedBody(url: string, { body, fields }: OriginResponse): Readable {
  const coding = contentCoding(fields);
  if (coding === undefined) return body;
  const decoder = decoderOf(coding);
  if (decoder === undefined) {
    throw new OriginProtocolError(shownUrl(url), 'a content coding that nobody asked for');
  }
  body.once('error', (error) => decoder.destroy(error));
  decoder.once('close', () => body.destroy());
  return body.pipe(decoder);
}

/** An empty content can't satisfy a range that asks for its first byte (RFC 9110 §14.1.2). */
function isEmptyContent(status: number, fields: OriginResponse['fields']): boolean {
  return status === 416 && /^bytes \*\/0$/.test(field(fields, 'content-range') ?? '');
}

function decoderOf(coding: string) {
  if (coding === 'gzip' || coding === 'x-gzip' || coding === 'deflate') return createUnzip();
  if (coding === 'br') return createBrotliDecompress();
  if (coding === 'zstd') return createZstdDecompress();
  return undefined;
}
