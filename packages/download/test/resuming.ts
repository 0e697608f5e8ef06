import { BLOCK_BYTES } from '@peer-cache/core';
import test from 'ava';
import { Progress } from '../src/progress.ts';
import { NOTHING_KEPT } from '../src/sinks/kept-blocks.ts';
import { KeepingSink } from './helpers/keeping-sink.ts';
import { contentOf, lonelyDownloader } from './helpers/parts.ts';
import { startOrigin } from './helpers/test-origin.ts';

const BLOCKS = 20;
const BYTES = contentOf((BLOCKS - 1) * BLOCK_BYTES + 1000);

/** A sink that has fetched the whole once, and then lost or damaged some blocks of it. */
async function sinkAfter(url: string): Promise<KeepingSink> {
  const sink = new KeepingSink(BYTES.length);
  await using downloader = lonelyDownloader();
  await downloader.fetch(url, sink);
  sink.written = [];
  return sink;
}

test('a described content resumes with exactly the missing blocks', async (t) => {
  await using origin = await startOrigin(BYTES, { isDescribed: true });
  const sink = await sinkAfter(origin.url);
  for (const block of [3, 4, 11]) {
    sink.kept.delete(block);
    sink.block(block).fill(0);
  }
  const before = origin.givenBytes;
  const progress = new Progress();
  let resumed = 0;
  progress.on('bytes-resumed', ({ bytes }) => (resumed += bytes));
  await using downloader = lonelyDownloader();
  await downloader.fetch(origin.url, sink, { progress });
  t.true(sink.bytes.equals(BYTES));
  t.is(origin.givenBytes - before, 3 * BLOCK_BYTES);
  t.deepEqual(
    sink.written.toSorted((a, b) => a - b),
    [3, 4, 11].map((block) => block * BLOCK_BYTES),
  );
  t.is(resumed, BYTES.length - 3 * BLOCK_BYTES);
  t.is(progress.doneBytes, BYTES.length);
  t.deepEqual(progress.bytes, { store: 0, peers: 0, origin: 3 * BLOCK_BYTES });
});

test('a kept block that is damaged is found out and fetched again', async (t) => {
  await using origin = await startOrigin(BYTES, { isDescribed: true });
  const sink = await sinkAfter(origin.url);
  sink.block(7)[5] = (sink.block(7)[5] ?? 0) ^ 1;
  const before = origin.givenBytes;
  await using downloader = lonelyDownloader();
  await downloader.fetch(origin.url, sink);
  t.true(sink.bytes.equals(BYTES));
  t.is(origin.givenBytes - before, BLOCK_BYTES);
  t.is(sink.verdicts.length, BLOCKS);
  t.deepEqual(
    sink.verdicts.filter(([, isSound]) => !isSound),
    [[7, false]],
  );
});

test('where all is sound nobody is asked for a list, a block or a peer', async (t) => {
  await using origin = await startOrigin(BYTES, { isDescribed: true });
  const sink = await sinkAfter(origin.url);
  for (const block of sink.kept.keys()) sink.kept.set(block, 'sound');
  const { givenBytes, informationRequests } = origin;
  const progress = new Progress();
  await using downloader = lonelyDownloader();
  await downloader.fetch(origin.url, sink, { progress });
  t.is(origin.givenBytes, givenBytes);
  t.is(origin.informationRequests, informationRequests + 1, 'the root and no list');
  t.deepEqual(sink.verdicts, []);
  t.is(progress.doneBytes, BYTES.length);
});

test('a content of another version is fetched whole', async (t) => {
  await using origin = await startOrigin(BYTES, { isDescribed: true });
  const sink = await sinkAfter(origin.url);
  const changed = contentOf(BYTES.length, 9);
  origin.content = { bytes: changed, etag: '"two"' };
  const before = origin.givenBytes;
  await using downloader = lonelyDownloader();
  await downloader.fetch(origin.url, sink);
  t.true(sink.bytes.equals(changed));
  t.is(origin.givenBytes - before, BYTES.length);
});

test('a plain content resumes with the missing ranges, on condition that it is the same', async (t) => {
  await using origin = await startOrigin(BYTES);
  const sink = await sinkAfter(origin.url);
  for (const block of [3, 4, 11]) {
    sink.kept.delete(block);
    sink.block(block).fill(0);
  }
  origin.asked.length = 0;
  const progress = new Progress();
  await using downloader = lonelyDownloader();
  const content = await downloader.fetch(origin.url, sink, { progress });
  t.is(content.sizeBytes, BYTES.length);
  t.true(sink.bytes.equals(BYTES));
  const [, ...ranges] = origin.asked;
  t.like(ranges, [
    { range: `bytes=${3 * BLOCK_BYTES}-${5 * BLOCK_BYTES - 1}`, ifRange: '"one"' },
    { range: `bytes=${11 * BLOCK_BYTES}-${12 * BLOCK_BYTES - 1}`, ifRange: '"one"' },
  ]);
  t.is(ranges.length, 2);
  t.is(progress.doneBytes, BYTES.length);
  t.is(progress.bytes.origin, 3 * BLOCK_BYTES);
});

test('a plain content that broke off and then changed comes in its new version only', async (t) => {
  const changed = contentOf(BYTES.length, 9);
  await using origin = await startOrigin(BYTES, {
    cutAfter: (answer) => (answer === 1 ? 5 * BLOCK_BYTES : undefined),
  });
  const sink = new KeepingSink(BYTES.length);
  await using downloader = lonelyDownloader();
  const tried = downloader.fetch(origin.url, sink, { mostFailures: 0 });
  t.like(await t.throwsAsync(tried), { code: 'ORIGIN_CUT_SHORT' });
  t.is(sink.written.length, 6, 'whole blocks, and no other');
  t.true(sink.block(5).equals(BYTES.subarray(5 * BLOCK_BYTES, 6 * BLOCK_BYTES)));
  origin.content = { bytes: changed, etag: '"two"' };
  const progress = new Progress();
  await downloader.fetch(origin.url, sink, { progress });
  t.true(sink.bytes.equals(changed));
  t.is(progress.bytes.origin, BYTES.length, 'nothing of the old version counts');
});

test('the rest of a block that broke off comes with the next answer', async (t) => {
  await using origin = await startOrigin(BYTES, {
    cutAfter: (answer) => (answer === 1 ? 1000 : undefined),
  });
  const sink = new KeepingSink(BYTES.length);
  await using downloader = lonelyDownloader();
  await downloader.fetch(origin.url, sink);
  t.true(sink.bytes.equals(BYTES));
  t.is(origin.asked[2]?.range, `bytes=${BLOCK_BYTES + 1000}-`);
  t.deepEqual(
    sink.written,
    Array.from({ length: BLOCKS }, (_, block) => block * BLOCK_BYTES),
  );
});

test('an origin that has no ranges is read whole, and only what is missing is written', async (t) => {
  await using origin = await startOrigin(BYTES, { hasRanges: false });
  const sink = await sinkAfter(origin.url);
  sink.kept.delete(6);
  sink.block(6).fill(0);
  await using downloader = lonelyDownloader();
  await downloader.fetch(origin.url, sink);
  t.true(sink.bytes.equals(BYTES));
  t.deepEqual(sink.written, [6 * BLOCK_BYTES]);
});

test('without a validator nothing that was kept is used, and the sink is told so', async (t) => {
  await using origin = await startOrigin(BYTES, {
    hasValidator: false,
    cutAfter: (answer) => (answer === 1 ? 5 * BLOCK_BYTES : undefined),
  });
  const sink = new KeepingSink(BYTES.length);
  const progress = new Progress();
  await using downloader = lonelyDownloader();
  await downloader.fetch(origin.url, sink, { progress });
  t.true(sink.bytes.equals(BYTES));
  t.is(sink.versions.length, 2);
  t.like(sink.versions, [
    { kind: 'plain', validator: undefined },
    { kind: 'plain', validator: undefined },
  ]);
  t.is(progress.doneBytes, BYTES.length);
});

test('without a validator a sink that keeps blocks all the same is not believed', async (t) => {
  await using origin = await startOrigin(BYTES, { hasValidator: false });
  const sink = new KeepingSink(BYTES.length);
  sink.begin = async () => ({ ...NOTHING_KEPT, stateOf: () => 'sound' });
  await using downloader = lonelyDownloader();
  await downloader.fetch(origin.url, sink);
  t.true(sink.bytes.equals(BYTES));
});

test('an origin without a validator that always breaks off is given up', async (t) => {
  await using origin = await startOrigin(BYTES, {
    hasValidator: false,
    hasRanges: false,
    cutAfter: () => 2 * BLOCK_BYTES,
  });
  await using downloader = lonelyDownloader();
  const sink = new KeepingSink(BYTES.length);
  const tried = downloader.fetch(origin.url, sink, { mostFailures: 1 });
  t.like(await t.throwsAsync(tried), { code: 'ORIGIN_CUT_SHORT' });
  t.is(origin.asked.length, 2);
});
