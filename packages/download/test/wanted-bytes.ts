import { BLOCK_BYTES, SEGMENT_BYTES } from '@peer-cache/core';
import test from 'ava';
import { Progress } from '../src/progress.ts';
import { WantedBytes } from '../src/wanted-bytes.ts';
import type { WantedRange } from '../src/wanted-bytes.ts';
import { KeepingSink } from './helpers/keeping-sink.ts';
import { contentOf, lonelyDownloader } from './helpers/parts.ts';
import { startOrigin } from './helpers/test-origin.ts';
import type { Behaviour } from './helpers/test-origin.ts';

const BYTES = contentOf(20 * BLOCK_BYTES + 1000);
const url = 'http://origin.example/file';

/** Fetches ranges and gives what came of it. */
async function fetchRanges(bytes: Buffer, behaviour: Behaviour, ranges: readonly WantedRange[]) {
  await using origin = await startOrigin(bytes, behaviour);
  await using downloader = lonelyDownloader();
  const sink = new KeepingSink(bytes.length);
  const progress = new Progress();
  const content = await downloader.fetch(origin.url, sink, { ranges, progress });
  const blocks = sink.written.map((startByte) => startByte / BLOCK_BYTES);
  return { sink, progress, origin, content, blocks: blocks.toSorted((a, b) => a - b) };
}

test('ranges in any order, with overlaps, count each byte once', (t) => {
  const wanted = new WantedBytes({ url, sizeBytes: 1000 }, [
    { startByte: 500 },
    { startByte: 0, endByte: 10 },
    { startByte: 5, endByte: 20 },
  ]);
  t.is(wanted.sizeBytes, 520);
  t.is(wanted.bytesOf({ startByte: 0, endByte: 600 }), 120);
  t.is(wanted.bytesOf({ startByte: 20, endByte: 500 }), 0);
});

test('no ranges are the whole', (t) => {
  for (const ranges of [undefined, []]) {
    t.is(new WantedBytes({ url, sizeBytes: 1000 }, ranges).sizeBytes, 1000);
  }
  t.is(new WantedBytes({ url, sizeBytes: undefined }).sizeBytes, undefined);
});

test('blocks are counted from the content’s start, those that touch as one run', (t) => {
  const wanted = new WantedBytes({ url, sizeBytes: BYTES.length }, [
    { startByte: 10 * BLOCK_BYTES - 1, endByte: 10 * BLOCK_BYTES + 1 },
    { startByte: 11 * BLOCK_BYTES, endByte: 11 * BLOCK_BYTES + 1 },
    { startByte: 0, endByte: 1 },
  ]);
  t.deepEqual(wanted.blockRuns(), [
    { first: 0, end: 1 },
    { first: 9, end: 12 },
  ]);
});

for (const range of [
  { startByte: 1000 },
  { startByte: 1000, endByte: 1001 },
  { startByte: 0, endByte: 1001 },
  { startByte: 10, endByte: 10 },
  { startByte: -1, endByte: 10 },
]) {
  test(`${range.startByte} to ${range.endByte ?? 'the end'} is no part of 1000 bytes`, (t) => {
    const error = t.throws(() => new WantedBytes({ url, sizeBytes: 1000 }, [range]));
    t.like(error, { code: 'RANGE_OUTSIDE', transient: false });
  });
}

const RANGES = [
  { startByte: 15 * BLOCK_BYTES + 5 },
  { startByte: 2 * BLOCK_BYTES + 100, endByte: 4 * BLOCK_BYTES + 1 },
];
const WANTED_BLOCKS = [2, 3, 4, 15, 16, 17, 18, 19, 20];

for (const [kind, behaviour] of Object.entries({
  'a described content': { isDescribed: true },
  'a plain content': {},
  'a plain content without ranges': { hasRanges: false },
  'a plain content without a validator': { hasValidator: false },
  'a plain content of unknown length': { hasRanges: false, hasValidator: false, hasLength: false },
} satisfies Record<string, Behaviour>)) {
  test(`of ${kind} only the blocks of the ranges come`, async (t) => {
    const { sink, progress, blocks, content } = await fetchRanges(BYTES, behaviour, RANGES);
    t.deepEqual(blocks, WANTED_BLOCKS);
    for (const block of blocks) {
      t.true(
        sink.block(block).equals(BYTES.subarray(block * BLOCK_BYTES).subarray(0, BLOCK_BYTES)),
      );
    }
    const wantedBytes = BYTES.length - 15 * BLOCK_BYTES - 5 + 2 * BLOCK_BYTES - 99;
    t.is(progress.doneBytes, wantedBytes);
    if (progress.sizeBytes !== undefined) t.is(progress.sizeBytes, wantedBytes);
    t.is(content.sizeBytes, BYTES.length);
  });

  test(`of ${kind} nothing comes past its end`, async (t) => {
    const beyond = [{ startByte: 0, endByte: BYTES.length + 1 }];
    const error = await t.throwsAsync(fetchRanges(BYTES, behaviour, beyond));
    t.like(error, { code: 'RANGE_OUTSIDE', transient: false });
  });
}

test('ranges of a plain content are asked for as blocks, one after another', async (t) => {
  const { origin } = await fetchRanges(BYTES, {}, RANGES);
  t.deepEqual(
    origin.asked.map(({ range }) => range),
    [
      'bytes=0-65535',
      `bytes=${2 * BLOCK_BYTES}-${5 * BLOCK_BYTES - 1}`,
      `bytes=${15 * BLOCK_BYTES}-`,
    ],
  );
});

test('segments without a wanted block are not opened', async (t) => {
  const bytes = contentOf(3 * SEGMENT_BYTES + 3 * BLOCK_BYTES);
  const ranges = [
    { startByte: SEGMENT_BYTES - 1, endByte: SEGMENT_BYTES + 1 },
    { startByte: 3 * SEGMENT_BYTES + BLOCK_BYTES },
  ];
  const { origin, progress, blocks } = await fetchRanges(bytes, { isDescribed: true }, ranges);
  t.deepEqual(blocks, [511, 512, 3 * 512 + 1, 3 * 512 + 2]);
  t.is(origin.givenBytes, 4 * BLOCK_BYTES);
  t.is(origin.informationRequests, 1 + 3, 'the root and the lists of segments 0, 1 and 3');
  t.is(progress.doneBytes, 2 + 2 * BLOCK_BYTES);
  t.is(progress.sizeBytes, progress.doneBytes);
});

test('a content that travels in its information is clipped too', async (t) => {
  const bytes = contentOf(1000);
  const ranges = [{ startByte: 10, endByte: 20 }];
  const { progress, sink } = await fetchRanges(bytes, { isDescribed: true }, ranges);
  t.is(progress.doneBytes, 10);
  t.is(progress.sizeBytes, 10);
  t.true(sink.bytes.equals(bytes));
  const beyond = fetchRanges(bytes, { isDescribed: true }, [{ startByte: 1000 }]);
  t.like(await t.throwsAsync(beyond), { code: 'RANGE_OUTSIDE' });
});
