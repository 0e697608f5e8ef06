import { ContentHasher, describeContent, SEGMENT_BYTES, serverSecretFrom } from '@peer-cache/core';
import test from 'ava';
import { Content } from '../src/content.ts';

const SEGMENTS = 6;
const hasher = new ContentHasher({ update: () => undefined, digest: () => Buffer.alloc(32) });
for (let index = 0; index < SEGMENTS; index++) hasher.update(Buffer.alloc(SEGMENT_BYTES, index));
const serverSecret = serverSecretFrom(Buffer.alloc(32, 7));
const information = describeContent(hasher.finish(), { serverSecret, etag: '"one"' });

test('segments to work on are all, unless some are named', (t) => {
  t.deepEqual(indices(new Content(information), 2, 3), [2, 3, 4]);
  t.deepEqual(indices(new Content(information), 5, 3), [5]);
  const some = new Content(information, [1, 2, 5]);
  t.deepEqual(indices(some, 0, 2), [1, 2]);
  t.deepEqual(indices(some, 2, 9), [2, 5]);
  t.deepEqual(indices(some, 3, 9), [5]);
  t.deepEqual(indices(some, 6, 9), []);
});

function indices(content: Content, first: number, most: number): number[] {
  return content.segments(first, most).map(({ index }) => index);
}
