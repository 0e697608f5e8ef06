import test from 'ava';
import { framesOf } from '../src/stream-frames.ts';
import type { StreamFrame } from '../src/stream-frames.ts';

function frame(kind: number, payload: string): Buffer {
  const header = Buffer.from([kind, 0, 0, 0, payload.length]);
  return Buffer.concat([header, Buffer.from(payload)]);
}

async function* piecesOf(bytes: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function read(bytes: Buffer, pieceBytes: number): Promise<StreamFrame[]> {
  const frames: StreamFrame[] = [];
  for await (const each of framesOf(piecesOf(bytes, pieceBytes))) frames.push(each);
  return frames;
}

const BYTES = Buffer.concat([
  frame(1, '{}'),
  frame(0, ''),
  frame(0, 'some content'),
  frame(1, '[]'),
]);

for (const pieceBytes of [1, 3, 7, 1000]) {
  test(`frames are read from pieces of ${pieceBytes} bytes`, async (t) => {
    const frames = await read(BYTES, pieceBytes);
    t.deepEqual(
      frames.map(({ isContent, payload }) => [isContent, payload.toString()]),
      [
        [false, '{}'],
        [true, ''],
        [true, 'some content'],
        [false, '[]'],
      ],
    );
  });
}

test('a frame that is cut off is left out', async (t) => {
  t.is((await read(BYTES.subarray(0, -1), 5)).length, 3);
});
