import type { ByteRange } from '@peer-cache/core';

/** Number of digits that every JavaScript number keeps; a longer position is past any content. */
const MOST_DIGITS = 15;

/**
 * What a `Range` header asks of a representation (RFC 9110 §14.2): a range, the whole (no header,
 * several ranges, or one that makes no sense, all of which a server may answer so), or nothing
 * that exists. Of an empty representation it is always the whole.
 */
export function readRange(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | 'whole' | 'unsatisfiable' {
  const [, first, last] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || sizeBytes === 0) return 'whole';
  if (first === '') return lastBytes(last, sizeBytes);
  const startByte = numberOf(first);
  const lastByte = last === '' ? sizeBytes - 1 : numberOf(last);
  if (lastByte < startByte && last !== '') return 'whole';
  if (startByte >= sizeBytes) return 'unsatisfiable';
  return { startByte, endByte: Math.min(sizeBytes, lastByte + 1) };
}

function lastBytes(count: string, sizeBytes: number): ByteRange | 'whole' | 'unsatisfiable' {
  if (count === '') return 'whole';
  const bytes = numberOf(count);
  if (bytes === 0) return 'unsatisfiable';
  return { startByte: Math.max(0, sizeBytes - bytes), endByte: sizeBytes };
}

function numberOf(digits: string): number {
  const significant = digits.replace(/^0+(?=\d)/, '');
  return significant.length > MOST_DIGITS ? Number.MAX_SAFE_INTEGER : Number(significant);
}
