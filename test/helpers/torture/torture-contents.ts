import { BLOCK_BYTES, KIB, MIB } from '@peer-cache/core';
import { described } from '../described.ts';
import type { OriginContent } from '../flaky-origin.ts';
import { contentOf } from '../parts.ts';

const PLAIN_SIZES = [1, 700, BLOCK_BYTES, 300 * KIB, 1.5 * MIB, 4 * MIB + 1, 9 * MIB, 20 * MIB];
const DESCRIBED_SIZES = [
  12,
  1025,
  BLOCK_BYTES,
  BLOCK_BYTES + 1,
  200 * KIB,
  MIB - 1,
  MIB,
  2 * MIB,
  3 * MIB,
  4 * MIB,
  6 * MIB,
  7 * MIB,
  10 * MIB,
  20 * MIB - 5,
];

/** What is long is still coming when the agent is killed, and most of it is journaled by then. */
const LONG_BYTES = 9 * MIB;
const LONG_RATE = 2 * MIB;

/** The contents of every round, by name: some with content information, some without. */
export function tortureContents(): ReadonlyMap<string, OriginContent> {
  const plain = PLAIN_SIZES.map((size, at): [string, OriginContent] => {
    const bytes = contentOf(size, 1000 + at);
    // What is smaller than four bytes would be zeros.
    bytes[0] = at + 1;
    const content = { bytes, etag: `"plain-${at}"` };
    const isLong = size >= LONG_BYTES;
    return [`plain-${size}`, isLong ? { ...content, bytesPerSecond: LONG_RATE } : content];
  });
  const withInformation = DESCRIBED_SIZES.map((size, at): [string, OriginContent] => {
    const what = described(contentOf(size, 2000 + at), `"described-${at}"`);
    return [`described-${size}`, { bytes: what.bytes, etag: what.etag, described: what }];
  });
  return new Map([...plain, ...withInformation]);
}
