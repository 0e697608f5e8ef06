import { BLOCK_BYTES } from '@peer-cache/core';
import test from 'ava';
import { isLong } from '../src/leaving.ts';
import { Progress } from '../src/progress.ts';
import { NOTHING_KEPT } from '../src/sinks/kept-blocks.ts';
import { FewBlocks } from './helpers/few-blocks.ts';
import { KeepingSink } from './helpers/keeping-sink.ts';
import { contentOf, lonelyDownloader } from './helpers/parts.ts';
import { startOrigin } from './helpers/test-origin.ts';

const BLOCKS = 40;
const BYTES = contentOf(BLOCKS * BLOCK_BYTES);
/** A block in about 80 ms. */
const SLOW = { bytes: BLOCK_BYTES / 8, pauseMs: 10 };

/** Resolves when so many bytes have come from the origin. */
async function received(progress: Progress, bytes: number): Promise<void> {
  while (progress.bytes.origin < bytes) {
    await new Promise<void>((resolve) => void progress.once('bytes-received', () => resolve()));
  }
}

test('a request with more than a quarter of a second to go is long, one without a rate too', (t) => {
  const half = { startedMs: 0, receivedBytes: 1000, leftBytes: 1000 };
  t.false(isLong(half, 250));
  t.true(isLong(half, 251));
  t.true(isLong({ ...half, receivedBytes: 0 }, 1));
  t.true(isLong({ ...half, leftBytes: Infinity }, 1));
});

for (const isDescribed of [true, false]) {
  const kind = isDescribed ? 'described' : 'plain';

  test(`a ${kind} content that is left in mid-flight ends within a block and goes on later`, async (t) => {
    await using origin = await startOrigin(BYTES, { isDescribed, pace: SLOW });
    await using downloader = lonelyDownloader();
    const sink = new KeepingSink(BYTES.length);
    const progress = new Progress();
    const leave = new AbortController();
    const turn = new FewBlocks(16);
    const options = { leave: leave.signal, progress, isShared: false, turn };
    const left = downloader.fetch(origin.url, sink, options);
    await received(progress, 3 * BLOCK_BYTES);
    const requests = origin.asked.length;
    leave.abort();
    const before = progress.bytes.origin;
    t.like(await t.throwsAsync(left), { code: 'TRANSFER_LEFT', transient: true });
    t.is(turn.underWay, 0);
    t.is(origin.asked.length, requests, 'nothing new was asked for');
    // As many requests as may be under way: each ends with its next block.
    t.true(progress.bytes.origin - before <= (isDescribed ? 4 : 1) * BLOCK_BYTES);
    const blocks = sink.written.length;
    t.true(sink.written.every((startByte) => startByte % BLOCK_BYTES === 0));
    await new Promise((resolve) => void setTimeout(resolve, 50));
    t.is(sink.written.length, blocks, 'nothing is written after the end');
    const again = new Progress();
    await downloader.fetch(origin.url, sink, { progress: again, isShared: false });
    t.true(sink.bytes.equals(BYTES));
    t.is(again.bytes.origin, BYTES.length - blocks * BLOCK_BYTES);
  });

  test(`a ${kind} content whose turn does not come is left at once`, async (t) => {
    await using origin = await startOrigin(BYTES, { isDescribed });
    await using downloader = lonelyDownloader();
    const turn = new FewBlocks(1);
    turn.isClosed = true;
    const leave = new AbortController();
    const sink = new KeepingSink(BYTES.length);
    const left = downloader.fetch(origin.url, sink, { leave: leave.signal, turn });
    while (turn.refusals === 0) await new Promise((resolve) => void setImmediate(resolve));
    leave.abort();
    t.like(await t.throwsAsync(left), { code: 'TRANSFER_LEFT' });
    t.deepEqual(sink.written, []);
  });

  test(`a ${kind} content whose end is near when it is left comes whole`, async (t) => {
    const bytes = contentOf(2 * BLOCK_BYTES);
    await using origin = await startOrigin(bytes, { isDescribed });
    await using downloader = lonelyDownloader();
    const sink = new KeepingSink(bytes.length);
    const progress = new Progress();
    const leave = new AbortController();
    progress.on('bytes-received', () => {
      if (progress.doneBytes === bytes.length) leave.abort();
    });
    await downloader.fetch(origin.url, sink, { leave: leave.signal, progress });
    t.true(sink.bytes.equals(bytes));
  });
}

test('a plain content without a validator is left too, and begins anew', async (t) => {
  await using origin = await startOrigin(BYTES, { hasValidator: false, pace: SLOW });
  await using downloader = lonelyDownloader();
  const sink = new KeepingSink(BYTES.length);
  const progress = new Progress();
  const leave = new AbortController();
  const left = downloader.fetch(origin.url, sink, { leave: leave.signal, progress });
  await received(progress, 2 * BLOCK_BYTES);
  leave.abort();
  t.like(await t.throwsAsync(left), { code: 'TRANSFER_LEFT' });
});

test('a transfer that is left while a kept block is read ends when that is over', async (t) => {
  await using origin = await startOrigin(BYTES, { isDescribed: true });
  await using downloader = lonelyDownloader();
  const sink = new KeepingSink(BYTES.length);
  await downloader.fetch(origin.url, sink);
  const leave = new AbortController();
  const reading = Promise.withResolvers<void>();
  const disk = Promise.withResolvers<Uint8Array>();
  const read = (): Promise<Uint8Array> => {
    reading.resolve();
    return disk.promise;
  };
  sink.begin = async () => ({ ...NOTHING_KEPT, stateOf: () => 'unchecked', read });
  let isOver = false;
  const left = downloader.fetch(origin.url, sink, { leave: leave.signal, isShared: false });
  void left.catch(() => (isOver = true));
  await reading.promise;
  leave.abort();
  for (let turns = 0; turns < 20; turns++)
    await new Promise((resolve) => void setImmediate(resolve));
  t.false(isOver);
  disk.resolve(sink.block(0));
  t.like(await t.throwsAsync(left), { code: 'TRANSFER_LEFT' });
});

test('what is left before it began asks the origin for nothing', async (t) => {
  await using origin = await startOrigin(BYTES);
  await using downloader = lonelyDownloader();
  const left = downloader.fetch(origin.url, new KeepingSink(1), { leave: AbortSignal.abort() });
  t.like(await t.throwsAsync(left), { code: 'TRANSFER_LEFT' });
  t.is(origin.asked.length, 0);
});

test('a transfer that waits to ask its origin again is left at once', async (t) => {
  await using origin = await startOrigin(BYTES, { cutAfter: () => 0 });
  await using downloader = lonelyDownloader();
  const progress = new Progress();
  const leave = new AbortController();
  progress.on('origin-answered', () => leave.abort());
  const left = downloader.fetch(origin.url, new KeepingSink(BYTES.length), {
    leave: leave.signal,
    progress,
  });
  t.like(await t.throwsAsync(left), { code: 'TRANSFER_LEFT' });
});
