import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PeerCacheError } from '@peer-cache/core';
import { Downloader, Progress } from '@peer-cache/download';
import { createMemoryBlockStore } from '@peer-cache/store';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { droppingAfter, honestly, startFaultyOrigin } from './helpers/faulty-origin.ts';
import type { Answer } from './helpers/faulty-origin.ts';
import { contentOf, lonelyFinder, temporaryFolder } from './helpers/parts.ts';

const BYTES = contentOf(300_000);
const content = { bytes: BYTES, etag: '"one"' };
const honest = honestly(() => content);

async function get(answer: Answer, path = '/file') {
  await using origin = await startFaultyOrigin(answer);
  await using folder = await temporaryFolder();
  const store = createMemoryBlockStore({}, { limitBytes: 2 ** 26 });
  await using downloader = new Downloader({ store, finder: lonelyFinder });
  const progress = new Progress();
  const target = join(folder.path, 'file');
  let error: unknown;
  try {
    await downloader.getFile(origin.url + path, target, { progress });
  } catch (thrown) {
    error = thrown;
  }
  const files = await readdir(folder.path);
  const bytes = files.includes('file') ? await readFile(target) : undefined;
  const code = error instanceof PeerCacheError ? error.code : error;
  return { bytes, code, files, progress, requests: origin.requests.length };
}

const comesWhole = test.macro(async (t: ExecutionContext, answer: Answer) => {
  const { bytes, code, files } = await get(answer);
  t.is(code, undefined);
  t.true(bytes?.equals(BYTES));
  t.deepEqual(files, ['file']);
});

const failsWith = test.macro(async (t: ExecutionContext, expected: string, answer: Answer) => {
  const { code, files } = await get(answer);
  t.is(code, expected);
  t.deepEqual(files, [], 'nothing is left behind, under whatever name');
});

test('a file comes from an honest origin', comesWhole, honest);

test('a file comes from an origin without ranges', comesWhole, (_, response) => {
  response.setHeader('content-length', BYTES.length);
  response.end(BYTES);
});

test('a file of unknown length comes whole', comesWhole, (_, response) => {
  response.write(BYTES.subarray(0, 1000));
  response.end(BYTES.subarray(1000));
});

test('a file of unknown length that breaks off is begun anew', comesWhole, (_, response, count) => {
  response.write(BYTES.subarray(0, 1000), () => {
    if (count === 0) response.socket?.destroy();
    else response.end(BYTES.subarray(1000));
  });
});

test('an origin that drops in mid-body is asked for the rest', async (t) => {
  const { bytes, requests } = await get((request, response, count) => {
    const answer = count < 3 ? droppingAfter(50_000, honest) : honest;
    answer(request, response, count);
  });
  t.true(bytes?.equals(BYTES));
  t.is(requests, 4);
});

test(
  'an origin without a strong validator is asked for the whole in one go',
  comesWhole,
  (request, response, count) => {
    honestly(() => ({ bytes: BYTES, etag: 'W/"weak"' }))(request, response, count);
  },
);

test('a gzipped answer is decoded', comesWhole, (_, response) => {
  response.setHeader('content-encoding', 'gzip');
  response.end(gzipSync(BYTES));
});

test('a gzipped answer that breaks off is begun anew', comesWhole, (_, response, count) => {
  const coded = gzipSync(BYTES);
  response.setHeader('content-encoding', 'gzip');
  if (count === 0) response.write(coded.subarray(0, 1000), () => response.socket?.destroy());
  else response.end(coded);
});

test('an empty file is a file', async (t) => {
  const { bytes } = await get(honestly(() => ({ bytes: Buffer.alloc(0), etag: '"e"' })));
  t.is(bytes?.length, 0);
});

test('a file that changes while it is fetched comes in its new version only', async (t) => {
  const changed = contentOf(280_000, 2);
  const { bytes, code } = await get((request, response, count) => {
    if (count === 0) droppingAfter(50_000, honest)(request, response, count);
    else honestly(() => ({ bytes: changed, etag: '"two"' }))(request, response, count);
  });
  t.is(code, undefined);
  t.true(bytes?.equals(changed));
});

test(
  'an origin that changes each time is an error',
  failsWith,
  'ORIGIN_KEEPS_CHANGING',
  (request, response, count) => {
    const etag = `"${count}"`;
    droppingAfter(
      70_000,
      honestly(() => ({ bytes: BYTES, etag })),
    )(request, response, count);
  },
);

test(
  'an origin that says 503 and when to come back is asked again then',
  comesWhole,
  (request, response, count) => {
    if (count > 0) return honest(request, response, count);
    response.statusCode = 503;
    response.setHeader('retry-after', '1');
    response.end();
  },
);

test('429 with a long Retry-After is an error at once', failsWith, 'ORIGIN_BUSY', (_, response) => {
  response.statusCode = 429;
  response.setHeader('retry-after', '3600');
  response.end();
});

for (const [status, code] of [
  [404, 'ORIGIN_NOT_FOUND'],
  [410, 'ORIGIN_NOT_FOUND'],
  [401, 'ORIGIN_REFUSED'],
  [403, 'ORIGIN_REFUSED'],
  [418, 'ORIGIN_PROTOCOL'],
] as const) {
  test(`status ${status} is ${code}`, failsWith, code, (_, response) => {
    response.statusCode = status;
    response.end('no');
  });
}

test('a redirect is followed', comesWhole, (request, response, count) => {
  if (request.url === '/real') return honest(request, response, count);
  response.statusCode = 302;
  response.setHeader('location', '/real');
  response.end();
});

test('a circle of redirects is an error', failsWith, 'ORIGIN_PROTOCOL', (_, response) => {
  response.statusCode = 302;
  response.setHeader('location', '/again');
  response.end();
});

test('a redirect to another scheme is refused', failsWith, 'UNSUPPORTED_URL', (_, response) => {
  response.statusCode = 302;
  response.setHeader('location', 'file:///etc/passwd');
  response.end();
});

test(
  'another range than was asked for is an error',
  failsWith,
  'ORIGIN_PROTOCOL',
  (_, response) => {
    response.statusCode = 206;
    response.setHeader('etag', '"x"');
    response.setHeader('content-range', 'bytes 5-9/300000');
    response.end('abcde');
  },
);

test('an origin that nobody runs is unreachable', async (t) => {
  const store = createMemoryBlockStore({}, { limitBytes: 2 ** 20 });
  await using downloader = new Downloader({ store, finder: lonelyFinder });
  await using folder = await temporaryFolder();
  const signal = AbortSignal.timeout(200);
  await t.throwsAsync(
    downloader.getFile('http://127.0.0.1:1/x', join(folder.path, 'x'), { signal }),
  );
  t.deepEqual(await readdir(folder.path), []);
});

test('what is no http URL is refused by name', async (t) => {
  const store = createMemoryBlockStore({}, { limitBytes: 2 ** 20 });
  await using downloader = new Downloader({ store, finder: lonelyFinder });
  await using folder = await temporaryFolder();
  for (const url of ['ftp://x/y', 'nonsense', '/etc/passwd']) {
    const error = await t.throwsAsync(downloader.getFile(url, join(folder.path, 'x')));
    t.like(error, { code: 'UNSUPPORTED_URL' });
  }
});

test('what a URL may hold of secrets is in no error', async (t) => {
  await using folder = await temporaryFolder();
  const store = createMemoryBlockStore({}, { limitBytes: 2 ** 20 });
  await using origin = await startFaultyOrigin((_, response) => {
    response.statusCode = 404;
    response.end();
  });
  await using downloader = new Downloader({ store, finder: lonelyFinder });
  const path = join(folder.path, 'x');
  const withSecrets = origin.url.replace('//', '//user:hunter2@') + '/x?token=hunter2';
  for (const url of [withSecrets, 'ftp://user:hunter2@host/x?token=hunter2']) {
    const error = await t.throwsAsync(downloader.getFile(url, path));
    t.false(error?.message.includes('hunter2'), error?.message);
  }
});

test('an existing file is replaced only when asked, and stays when the download fails', async (t) => {
  await using folder = await temporaryFolder();
  await using origin = await startFaultyOrigin((request, response, count) => {
    if (request.url === '/file') return honest(request, response, count);
    response.statusCode = 404;
    response.end();
  });
  const path = join(folder.path, 'file');
  await writeFile(path, 'mine');
  const store = createMemoryBlockStore({}, { limitBytes: 2 ** 20 });
  await using downloader = new Downloader({ store, finder: lonelyFinder });
  t.like(await t.throwsAsync(downloader.getFile(`${origin.url}/file`, path)), {
    code: 'FILE_EXISTS',
  });
  await t.throwsAsync(downloader.getFile(`${origin.url}/none`, path, { overwrite: true }));
  t.is(await readFile(path, 'utf8'), 'mine');
  await downloader.getFile(`${origin.url}/file`, path, { overwrite: true });
  t.true((await readFile(path)).equals(BYTES));
});

test('a plain content streams in order', async (t) => {
  await using origin = await startFaultyOrigin(honest);
  const store = createMemoryBlockStore({}, { limitBytes: 2 ** 20 });
  await using downloader = new Downloader({ store, finder: lonelyFinder });
  const pieces: Uint8Array[] = [];
  for await (const piece of downloader.stream(`${origin.url}/file`)) pieces.push(piece);
  t.true(Buffer.concat(pieces).equals(BYTES));
});

test('whoever leaves a stream that was fetched to its end leaves nothing waiting', async (t) => {
  await using origin = await startFaultyOrigin(honest);
  const store = createMemoryBlockStore({}, { limitBytes: 2 ** 20 });
  const downloader = new Downloader({ store, finder: lonelyFinder });
  const fetched = Promise.withResolvers<void>();
  const progress = new Progress();
  let bytes = 0;
  progress.on('bytes-received', (received) => {
    bytes += received.bytes;
    if (bytes === BYTES.length) setImmediate(fetched.resolve);
  });
  const stream = downloader.stream(`${origin.url}/file`, { progress });
  const reader = stream.getReader();
  await reader.read();
  await fetched.promise;
  await reader.cancel();
  await t.notThrowsAsync(async () => downloader[Symbol.asyncDispose]());
});
