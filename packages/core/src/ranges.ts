/** Bytes of a content: `startByte` is in, `endByte` is out. */
export interface ByteRange {
  readonly startByte: number;
  readonly endByte: number;
}

/** The part of `range` that lies in `bounds`, or undefined where they do not meet. */
export function clipRange(range: ByteRange, bounds: ByteRange): ByteRange | undefined {
  const startByte = Math.max(range.startByte, bounds.startByte);
  const endByte = Math.min(range.endByte, bounds.endByte);
  return startByte < endByte ? { startByte, endByte } : undefined;
}
