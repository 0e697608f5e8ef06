import { BLOCK_BYTES } from '@peer-cache/core';
import test from 'ava';
import { Progress } from '../src/progress.ts';
import { FewBlocks } from './helpers/few-blocks.ts';
import { KeepingSink } from './helpers/keeping-sink.ts';
import { contentOf, lonelyDownloader, memoryStore } from './helpers/parts.ts';
import { startOrigin } from './helpers/test-origin.ts';

const BLOCKS = 30;
const BYTES = contentOf((BLOCKS - 1) * BLOCK_BYTES + 1000);

for (const isDescribed of [true, false]) {
  const kind = isDescribed ? 'described' : 'plain';

  test(`two ${kind} contents share a turn of two blocks`, async (t) => {
    await using origin = await startOrigin(BYTES, { isDescribed });
    await using another = await startOrigin(contentOf(BYTES.length, 5), { isDescribed });
    await using downloader = lonelyDownloader();
    const turn = new FewBlocks(2);
    const [a, b] = [new KeepingSink(BYTES.length), new KeepingSink(BYTES.length)];
    await Promise.all([
      downloader.fetch(origin.url, a, { turn }),
      downloader.fetch(another.url, b, { turn }),
    ]);
    t.true(a.bytes.equals(origin.content.bytes));
    t.true(b.bytes.equals(another.content.bytes));
    t.true(turn.mostUnderWay <= 2);
    t.is(turn.underWay, 0, 'every turn was given back');
    t.is(turn.listeners, 0, 'nobody listens any more');
    t.is(turn.receivedBytes, 2 * BYTES.length);
  });

  test(`a ${kind} content asks for nothing until its turn comes`, async (t) => {
    await using origin = await startOrigin(BYTES, { isDescribed });
    await using downloader = lonelyDownloader();
    const turn = new FewBlocks(4);
    turn.isClosed = true;
    const sink = new KeepingSink(BYTES.length);
    const progress = new Progress();
    const fetched = downloader.fetch(origin.url, sink, { turn, progress });
    while (turn.refusals === 0) await new Promise((resolve) => void setImmediate(resolve));
    t.is(progress.bytes.origin, 0);
    turn.isClosed = false;
    turn.free();
    if (isDescribed) t.true(turn.granted.length > 0, 'asked for at once, not at the next tick');
    await fetched;
    t.true(sink.bytes.equals(BYTES));
  });
}

test('a request is for no more blocks than were granted', async (t) => {
  await using origin = await startOrigin(BYTES, { isDescribed: true });
  await using downloader = lonelyDownloader();
  const turn = new FewBlocks(3);
  await downloader.fetch(origin.url, new KeepingSink(BYTES.length), { turn });
  const asked = origin.asked.map(({ givenBytes }) => Math.ceil(givenBytes / BLOCK_BYTES));
  t.deepEqual(
    asked.toSorted((a, b) => a - b),
    turn.granted.toSorted((a, b) => a - b),
  );
});

test('what is in the store needs no turn', async (t) => {
  await using origin = await startOrigin(BYTES, { isDescribed: true });
  const store = memoryStore();
  await using downloader = lonelyDownloader(store);
  await downloader.fetch(origin.url, new KeepingSink(BYTES.length));
  const turn = new FewBlocks(1);
  turn.isClosed = true;
  const progress = new Progress();
  await downloader.fetch(origin.url, new KeepingSink(BYTES.length), { turn, progress });
  t.is(progress.bytes.store, BYTES.length);
  t.is(turn.refusals, 0);
});

test('a transfer that waits for its turn ends with its signal', async (t) => {
  for (const isDescribed of [true, false]) {
    await using origin = await startOrigin(BYTES, { isDescribed });
    await using downloader = lonelyDownloader();
    const turn = new FewBlocks(1);
    turn.isClosed = true;
    const stop = new AbortController();
    const options = { turn, signal: stop.signal };
    const fetched = downloader.fetch(origin.url, new KeepingSink(BYTES.length), options);
    while (turn.refusals === 0) await new Promise((resolve) => void setImmediate(resolve));
    stop.abort(new Error('enough'));
    t.is((await t.throwsAsync(fetched))?.message, 'enough');
    t.is(turn.listeners, 0);
  }
});
