import test from 'ava';
import { Progress } from '../src/progress.ts';
import type { OriginAnswer } from '../src/progress.ts';
import { KeepingSink } from './helpers/keeping-sink.ts';
import { contentOf, lonelyDownloader, memoryStore } from './helpers/parts.ts';
import { startOrigin } from './helpers/test-origin.ts';
import type { Behaviour } from './helpers/test-origin.ts';

const BYTES = contentOf(300_000);

async function answersOf(behaviour: Behaviour, query = ''): Promise<OriginAnswer[]> {
  await using origin = await startOrigin(BYTES, behaviour);
  await using downloader = lonelyDownloader();
  const progress = new Progress();
  const answers: OriginAnswer[] = [];
  progress.on('origin-answered', (answer) => answers.push(answer));
  await downloader.fetch(origin.url + query, new KeepingSink(BYTES.length), { progress });
  return answers.map((answer) => ({ ...answer, url: answer.url.replace(/:\d+/, '') }));
}

test('each answer for a plain content is told', async (t) => {
  const answers = await answersOf({ headers: { 'x-made-by': 'somebody' } });
  t.deepEqual(
    answers.map(({ status }) => status),
    [206, 206],
  );
  t.like(answers[1], { headers: { 'x-made-by': 'somebody', etag: '"one"' } });
});

test('of a described content the answer that described it is told, and no run of blocks', async (t) => {
  t.is((await answersOf({ isDescribed: true })).length, 1);
});

test('an answer is told without what may be secret', async (t) => {
  const headers = {
    'set-cookie': 'session=hunter2',
    'www-authenticate': 'Digest nonce=hunter2',
    'proxy-authenticate': 'Digest nonce=hunter2',
    authorization: 'hunter2',
  };
  const answers = await answersOf({ headers }, '?token=hunter2');
  t.is(answers[0]?.url, 'http://127.0.0.1/file');
  t.false(JSON.stringify(answers).includes('hunter2'));
});

test('a content that is not shared is told so, found by nobody and kept in no store', async (t) => {
  await using origin = await startOrigin(BYTES, { isDescribed: true });
  const store = memoryStore();
  let opened = 0;
  const open = store.open.bind(store);
  store.open = (segment) => {
    opened++;
    return open(segment);
  };
  await using downloader = lonelyDownloader(store);
  const progress = new Progress();
  const sink = new KeepingSink(BYTES.length);
  await downloader.fetch(origin.url, sink, { progress, isShared: false });
  t.true(sink.bytes.equals(BYTES));
  t.false(progress.isShared);
  t.is(opened, 0);
  t.deepEqual(store.usage(), { segments: 0, usedBytes: 0 });
});

test('a content that is not shared is still read from the store', async (t) => {
  await using origin = await startOrigin(BYTES, { isDescribed: true });
  await using downloader = lonelyDownloader();
  await downloader.fetch(origin.url, new KeepingSink(BYTES.length));
  const progress = new Progress();
  const sink = new KeepingSink(BYTES.length);
  await downloader.fetch(origin.url, sink, { progress, isShared: false });
  t.true(sink.bytes.equals(BYTES));
  t.is(progress.bytes.store, BYTES.length);
});
