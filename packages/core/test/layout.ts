import test from 'ava';
import * as fc from 'fast-check';
import {
  BLOCK_BYTES,
  blockBytes,
  blockCount,
  blockRange,
  BLOCKS_PER_SEGMENT,
  INLINE_BYTES,
  MIB,
  SEGMENT_BYTES,
  segmentBytes,
  segmentCount,
} from '../src/index.ts';
import { MOST_CONTENT_BYTES } from '../src/layout.ts';
import { holds } from './helpers/property.ts';

const anySize = fc.integer({ min: INLINE_BYTES + 1, max: MOST_CONTENT_BYTES });
/** Up to eight segments, so that every block can be looked at. */
const smallSize = fc.integer({ min: INLINE_BYTES + 1, max: 8 * SEGMENT_BYTES });

const hasLayout = test.macro<[sizeBytes: number, segments: number, blocksOfLast: number]>({
  exec(t, sizeBytes, segments, blocksOfLast) {
    t.is(segmentCount(sizeBytes), segments);
    if (segments > 0) t.is(blockCount(segmentBytes(sizeBytes, segments - 1)), blocksOfLast);
  },
  title: (_, sizeBytes, segments, blocksOfLast) =>
    `${sizeBytes} bytes make ${segments} segments, the last of ${blocksOfLast} blocks`,
});

test(hasLayout, 0, 0, 0);
test(hasLayout, 1, 0, 0);
test(hasLayout, 1024, 0, 0);
test(hasLayout, 1025, 1, 1);
test(hasLayout, 65_535, 1, 1);
test(hasLayout, 65_536, 1, 1);
test(hasLayout, 65_537, 1, 2);
test(hasLayout, 32 * MIB - 1, 1, 512);
test(hasLayout, 32 * MIB, 1, 512);
test(hasLayout, 32 * MIB + 1, 2, 1);

test('the segments of a content cover it: whole ones, then what is left', (t) => {
  const property = fc.property(anySize, (sizeBytes) => {
    const last = segmentCount(sizeBytes) - 1;
    const lastBytes = segmentBytes(sizeBytes, last);
    if (last > 0 && segmentBytes(sizeBytes, last - 1) !== SEGMENT_BYTES) return false;
    return (
      lastBytes > 0 && lastBytes <= SEGMENT_BYTES && last * SEGMENT_BYTES === sizeBytes - lastBytes
    );
  });
  holds(t, property);
});

test('the blocks of a segment cover it: whole ones, then what is left', (t) => {
  const property = fc.property(fc.integer({ min: 1, max: SEGMENT_BYTES }), (sizeBytes) => {
    const count = blockCount(sizeBytes);
    const sizes = Array.from({ length: count }, (_, index) => blockBytes(sizeBytes, index));
    return (
      count <= BLOCKS_PER_SEGMENT &&
      sizes.slice(0, -1).every((bytes) => bytes === BLOCK_BYTES) &&
      sizes.every((bytes) => bytes > 0) &&
      sizes.reduce((sum, bytes) => sum + bytes, 0) === sizeBytes
    );
  });
  holds(t, property);
});

test('the ranges of all blocks follow one another from the first byte to the last', (t) => {
  const property = fc.property(smallSize, (sizeBytes) => {
    let at = 0;
    for (let segment = 0; segment < segmentCount(sizeBytes); segment++) {
      const bytes = segmentBytes(sizeBytes, segment);
      for (let block = 0; block < blockCount(bytes); block++) {
        const { startByte, endByte } = blockRange(sizeBytes, segment, block);
        if (startByte !== at || endByte - startByte !== blockBytes(bytes, block)) return false;
        at = endByte;
      }
    }
    return at === sizeBytes;
  });
  holds(t, property, { numRuns: 25 });
});

test('the last block of the largest content ends at its last byte', (t) => {
  const segment = segmentCount(MOST_CONTENT_BYTES) - 1;
  const block = blockCount(segmentBytes(MOST_CONTENT_BYTES, segment)) - 1;
  t.is(blockRange(MOST_CONTENT_BYTES, segment, block).endByte, MOST_CONTENT_BYTES);
});
