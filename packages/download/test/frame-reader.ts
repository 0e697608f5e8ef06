import { BLOCK_BYTES, BLOCK_HASH_LIST_INDEX, DIGEST_BYTES, SEAL_BYTES } from '@peer-cache/core';
import { encodeFrameHeader, FRAME_HEADER_BYTES } from '@peer-cache/protocol';
import test from 'ava';
import { FrameBuffers } from '../src/peers/frame-buffers.ts';
import { FrameReader } from '../src/peers/frame-reader.ts';
import type { ExpectedFrames, OnSealed } from '../src/peers/frame-reader.ts';

/** Three blocks, the last of 10 bytes. */
const SIZE_BYTES = 2 * BLOCK_BYTES + 10;
const expected: ExpectedFrames = {
  sizeBytes: SIZE_BYTES,
  runs: [{ firstBlock: 0, count: 3 }],
  wantsBlockHashList: true,
};
const FULL = BLOCK_BYTES + SEAL_BYTES;
const LAST = 10 + SEAL_BYTES;
const LIST = 3 * DIGEST_BYTES + SEAL_BYTES;

function readerOf(onSealed: OnSealed): FrameReader {
  return new FrameReader([expected], { onSealed, buffers: new FrameBuffers() });
}

function frame(index: number, firstBlock: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + sizeBytes, firstBlock & 255);
  encodeFrameHeader({ index, firstBlock, sizeBytes }, bytes);
  return bytes;
}

function readAll(bytes: Buffer, pieceBytes: number): string[] {
  const seen: string[] = [];
  const reader = readerOf((index, { blockIndex, sealed }) => {
    seen.push(`${index} ${blockIndex} ${sealed.length}`);
  });
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    reader.read(bytes.subarray(at, at + pieceBytes));
  }
  reader.end();
  return seen;
}

test('blocks and lists come out of frames however the bytes are cut', (t) => {
  const bytes = Buffer.concat([
    frame(0, 0, FULL),
    frame(0, BLOCK_HASH_LIST_INDEX, LIST),
    frame(0, 1, FULL + LAST),
  ]);
  const wanted = [
    `0 0 ${FULL}`,
    `0 ${BLOCK_HASH_LIST_INDEX} ${LIST}`,
    `0 1 ${FULL}`,
    `0 2 ${LAST}`,
  ];
  for (const pieceBytes of [1, 7, 4096, FULL, bytes.length]) {
    t.deepEqual(readAll(bytes, pieceBytes), wanted, `pieces of ${pieceBytes}`);
  }
});

const refused: Record<string, Buffer> = {
  'another segment': frame(1, 0, FULL),
  'a block past the segment': frame(0, 3, FULL),
  'a wrong size': frame(0, 0, FULL - 1),
  'a size past the run': frame(0, 0, 2 * FULL + LAST + 1),
  'no size': frame(0, 0, 0),
  'a wrong list size': frame(0, BLOCK_HASH_LIST_INDEX, LIST + 1),
};

for (const [name, bytes] of Object.entries(refused)) {
  test(`a frame with ${name} is refused before its body is read`, (t) => {
    const reader = readerOf(() => t.fail());
    const head = bytes.subarray(0, FRAME_HEADER_BYTES);
    t.like(
      t.throws(() => reader.read(head)),
      { code: 'MALFORMED_MESSAGE' },
    );
  });
}

test('an answer that ends within a frame is refused', (t) => {
  const reader = readerOf(() => undefined);
  reader.read(frame(0, 0, FULL).subarray(0, 100));
  t.like(
    t.throws(() => reader.end()),
    { code: 'MALFORMED_MESSAGE' },
  );
});
