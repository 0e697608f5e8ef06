import type { ByteRange } from '@peer-cache/core';

/** A part of the whole, and what came of it. */
export interface Part {
  readonly startByte: number;
  endByte: number;
  readonly chunks: Uint8Array[];
  gotBytes: number;
  isDone: boolean;
  error: unknown;
}

export function emptyPart({ startByte, endByte }: ByteRange): Part {
  return { startByte, endByte, chunks: [], gotBytes: 0, isDone: false, error: undefined };
}

/** What of a part has not come yet. */
export function restOf({ startByte, endByte, gotBytes }: Part): {
  startByte: number;
  sizeBytes: number;
} {
  return { startByte: startByte + gotBytes, sizeBytes: endByte - startByte - gotBytes };
}

/** Where the whole ends, by what the first answer tells of it. */
export function endOf(
  { endByte }: ByteRange,
  answered: { readonly endByte: number; readonly sizeBytes?: number | undefined },
): number {
  const { sizeBytes } = answered;
  if (sizeBytes !== undefined) return Math.min(endByte, sizeBytes);
  return endByte === Infinity ? answered.endByte : endByte;
}
