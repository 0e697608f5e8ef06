import { appendFileSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  blockHashListOffset,
  CONTENT_INFORMATION_TYPE,
  decodeRoot,
  MIB,
  MINUTE_MS,
  publicServerSecret,
  rootBytes,
  segmentSecretOf,
  silentLog,
} from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Agent, request } from 'undici';
import { SMALL_CONTENT_BYTES } from '../src/content-catalog.ts';
import { HASHED_HERE_BYTES } from '../src/hash-file.ts';
import { startOrigin } from '../src/start-origin.ts';
import type { OriginOptions } from '../src/start-origin.ts';
import { asker, ASKING } from './helpers/ask.ts';
import { makeFile, temporaryFolder } from './helpers/files.ts';
import { checkInformation } from './helpers/information.ts';
import { keepingLog } from './helpers/log.ts';

const ALL = { accept: ASKING.accept };

const servesBoth = test.macro<[number]>({
  async exec(t, sizeBytes) {
    const { ask, put } = await start(t);
    const bytes = await put('content.bin', sizeBytes);
    const plain = await ask('/content.bin');
    t.is(plain.status, 200);
    t.true(plain.body.equals(bytes));
    t.is(plain.headers['content-type'], 'application/octet-stream');
    const whole = await ask('/content.bin', ALL);
    t.is(whole.status, 200);
    t.is(whole.headers['content-type'], CONTENT_INFORMATION_TYPE);
    const information = checkInformation(t, whole.body, bytes);
    t.is(plain.headers['etag'], information.etag);
    const root = await ask('/content.bin', ASKING);
    t.is(root.status, 206);
    const endByte = rootBytes(whole.body);
    t.is(root.headers['content-range'], `bytes 0-${endByte - 1}/${whole.body.length}`);
    t.true(root.body.equals(whole.body.subarray(0, endByte)));
    t.is(root.headers['etag'], whole.headers['etag']);
  },
  title: (_, sizeBytes) => `a content of ${sizeBytes} bytes and its information are served`,
});

for (const sizeBytes of [0, 1, 1024, 1025, 65_535, 65_536, 65_537]) test(servesBoth, sizeBytes);
for (const sizeBytes of [32 * MIB - 1, 32 * MIB, 32 * MIB + 1]) test(servesBoth, sizeBytes);

for (const sizeBytes of [SMALL_CONTENT_BYTES - 1, 33 * MIB]) {
  test(`block hash lists of ${sizeBytes} bytes come by exact range`, async (t) => {
    const { ask, put } = await start(t);
    await put('content.bin', sizeBytes);
    const whole = await ask('/content.bin', ALL);
    const rootEnd = rootBytes(whole.body);
    const firstList = blockHashListOffset(rootEnd, 0);
    const ranges = [
      [firstList, firstList + 31],
      [firstList + 5, whole.body.length - 1],
      [rootEnd - 3, rootEnd + 3],
      [3, 9],
    ] as const;
    for (const [firstByte, lastByte] of ranges) {
      const part = await ask('/content.bin', { ...ALL, range: `bytes=${firstByte}-${lastByte}` });
      t.is(part.status, 206);
      t.is(part.headers['content-range'], `bytes ${firstByte}-${lastByte}/${whole.body.length}`);
      t.true(part.body.equals(whole.body.subarray(firstByte, lastByte + 1)));
    }
    const past = await ask('/content.bin', { ...ALL, range: `bytes=${whole.body.length}-` });
    t.is(past.status, 416);
    t.is(past.headers['content-range'], `bytes */${whole.body.length}`);
  });
}

test('information is never stored by caches, both vary by Accept, each has its own ETag', async (t) => {
  const { ask, put } = await start(t);
  await put('page.html', 5000);
  const plain = await ask('/page.html');
  const information = await ask('/page.html', ASKING);
  t.is(information.headers['cache-control'], 'no-store');
  t.is(plain.headers['cache-control'], undefined);
  t.is(information.headers['vary'], 'Accept');
  t.is(plain.headers['vary'], 'Accept');
  t.regex(String(plain.headers['etag']), /^"[\x21-\x7e]+"$/);
  t.regex(String(information.headers['etag']), /^"[\x21-\x7e]+"$/);
  t.not(plain.headers['etag'], information.headers['etag']);
  t.is(plain.headers['content-type'], 'text/html; charset=utf-8');
  t.is(information.headers['last-modified'], undefined);
});

test('the content answers ranges, conditions and HEAD', async (t) => {
  const { ask, put } = await start(t);
  const bytes = await put('content.bin', 1_000_000);
  const { headers } = await ask('/content.bin');
  const etag = String(headers['etag']);
  t.is(headers['accept-ranges'], 'bytes');
  const part = await ask('/content.bin', { range: 'bytes=10-19', 'if-range': etag });
  t.is(part.status, 206);
  t.is(part.headers['content-range'], 'bytes 10-19/1000000');
  t.is(part.headers['etag'], etag);
  t.true(part.body.equals(bytes.subarray(10, 20)));
  const tail = await ask('/content.bin', { range: 'bytes=-300000' });
  t.true(tail.body.equals(bytes.subarray(700_000)));
  t.is((await ask('/content.bin', { range: 'bytes=10-19', 'if-range': '"x"' })).status, 200);
  t.is((await ask('/content.bin', { range: 'bytes=0-1,5-6' })).body.length, 1_000_000);
  t.is((await ask('/content.bin', { range: 'bytes=1000000-' })).status, 416);
  t.is((await ask('/content.bin', { 'if-none-match': etag })).status, 304);
  t.is((await ask('/content.bin', { 'if-none-match': '"x"' })).status, 200);
  t.is((await ask('/content.bin', { 'if-match': '"x"' })).status, 412);
  const head = await ask('/content.bin', { range: 'bytes=10-19' }, 'HEAD');
  t.is(head.status, 200);
  t.is(head.headers['content-length'], '1000000');
  t.is(head.headers['etag'], etag);
  t.is(head.body.length, 0);
});

test('information answers conditions by its own ETag, and HEAD', async (t) => {
  const { ask, put } = await start(t);
  await put('content.bin', 100_000);
  const whole = await ask('/content.bin', ALL);
  const etag = String(whole.headers['etag']);
  t.is((await ask('/content.bin', { ...ASKING, 'if-none-match': etag })).status, 304);
  const plain = await ask('/content.bin');
  const other = String(plain.headers['etag']);
  t.is((await ask('/content.bin', { ...ASKING, 'if-none-match': other })).status, 206);
  const head = await ask('/content.bin', ALL, 'HEAD');
  t.is(head.headers['content-length'], String(whole.body.length));
  t.is(head.headers['content-type'], CONTENT_INFORMATION_TYPE);
});

test('an empty content is answered whole whatever range is asked for', async (t) => {
  const { ask, put } = await start(t);
  await put('empty', 0);
  const plain = await ask('/empty', { range: 'bytes=0-65535' });
  t.is(plain.status, 200);
  t.is(plain.body.length, 0);
});

test('a client that does not name the media type gets the content', async (t) => {
  const { ask, put } = await start(t);
  await put('content.bin', 10);
  for (const accept of ['*/*', 'application/*', `${CONTENT_INFORMATION_TYPE};q=0, */*`]) {
    t.is((await ask('/content.bin', { accept })).body.length, 10);
  }
});

test('a changed file has other information and another ETag', async (t) => {
  const { ask, put, folder } = await start(t);
  const bytes = await put('content.bin', 100_000);
  const before = await ask('/content.bin', ALL);
  const etag = decodeRoot(before.body).etag;
  await appendFile(join(folder, 'content.bin'), 'more');
  const after = await ask('/content.bin', ALL);
  const information = checkInformation(t, after.body, Buffer.concat([bytes, Buffer.from('more')]));
  t.not(information.etag, etag);
  t.not(after.headers['etag'], before.headers['etag']);
  t.is((await ask('/content.bin')).headers['etag'], information.etag);
  const resumed = await ask('/content.bin', { range: 'bytes=50-', 'if-range': etag });
  t.is(resumed.status, 200);
});

test('a file replaced by one of the same size and date is noticed', async (t) => {
  const { ask, put, folder } = await start(t);
  await put('content.bin', 5000, 1);
  const path = join(folder, 'content.bin');
  const date = new Date('2025-06-01');
  await utimes(path, date, date);
  const before = await ask('/content.bin', ALL);
  const bytes = await put('content.bin', 5000, 2);
  await utimes(path, date, date);
  const after = await ask('/content.bin', ALL);
  t.not(decodeRoot(after.body).etag, decodeRoot(before.body).etag);
  checkInformation(t, after.body, bytes);
});

test('a file written to while it is sent ends the connection, not the file at the client', async (t) => {
  const { origin, put, folder } = await start(t);
  await put('content.bin', 48 * MIB);
  const dispatcher = new Agent();
  t.teardown(() => dispatcher.destroy());
  const answer = await request(`${origin.url}/content.bin`, { dispatcher });
  await t.throwsAsync(async () => {
    for await (const _piece of answer.body) appendFileSync(join(folder, 'content.bin'), 'x');
  });
});

test('a file replaced or removed while it is sent is sent to its end', async (t) => {
  const { origin, put, folder } = await start(t);
  const bytes = await put('content.bin', 48 * MIB);
  await put('other.bin', 1000);
  const dispatcher = new Agent();
  t.teardown(() => dispatcher.destroy());
  const answer = await request(`${origin.url}/content.bin`, { dispatcher });
  await rename(join(folder, 'other.bin'), join(folder, 'content.bin'));
  await rm(join(folder, 'content.bin'));
  t.true(Buffer.from(await answer.body.arrayBuffer()).equals(bytes));
});

test('while a content takes long to hash its plain bytes are the answer', async (t) => {
  const { ask, put } = await start(t, { hashingWaitMs: 0 });
  const bytes = await put('content.bin', HASHED_HERE_BYTES + 1);
  const first = await ask('/content.bin', ASKING);
  t.is(first.status, 206);
  t.is(first.headers['content-range'], `bytes 0-65535/${bytes.length}`);
  t.true(first.body.equals(bytes.subarray(0, 65_536)));
  const only = await ask('/content.bin', { accept: CONTENT_INFORMATION_TYPE });
  t.is(only.status, 503);
  t.deepEqual(JSON.parse(String(only.body)), { code: 'CONTENT_BEING_HASHED' });
  for (;;) {
    const later = await ask('/content.bin', ALL);
    if (later.headers['content-type'] !== CONTENT_INFORMATION_TYPE) continue;
    const information = checkInformation(t, later.body, bytes);
    t.is(first.headers['etag'], information.etag);
    break;
  }
});

const ATTEMPTS_TO_BREAK_OUT = [
  '/../secret',
  '/..%2fsecret',
  '/%2e%2e/secret',
  '/%2e%2e%2fsecret',
  '/%252e%252e%252fsecret',
  '/sub/..%2f..%2fsecret',
  '/..%5csecret',
  '//../secret',
  '/%2fetc/passwd',
  '//etc/passwd',
  '/content.bin%00',
  '/content.bin%00.txt',
  '/sub',
  '/sub/',
  '/',
  '',
  '/.hidden',
  '/%2ehidden',
  '/content.bin.peer-cache',
  '/content.bin.peer%2dcache',
  '/state/server-secret',
  '/content.bin/',
  '/content%zz',
  '/%ff',
];

test('no request line leads out of the folder or to what is not to be served', async (t) => {
  const { origin, folder, put } = await start(t);
  await put('content.bin', 10);
  await mkdir(join(folder, 'sub'));
  const secrets = ['../secret', '.hidden', 'content.bin.peer-cache'];
  for (const name of secrets) await writeFile(join(folder, name), 'SECRET');
  for (const path of ATTEMPTS_TO_BREAK_OUT) {
    // Over a bare socket: clients tidy up dots before they send.
    const answer = await askRaw(origin.port, `GET ${path} HTTP/1.1`);
    t.regex(answer, /^HTTP\/1.1 40[04] /, path);
    t.notRegex(answer, /SECRET|root:/, path);
  }
  const absolute = await askRaw(origin.port, `GET http://x/../secret HTTP/1.1`);
  t.regex(absolute, /^HTTP\/1.1 40[04] /);
});

test('other methods are refused', async (t) => {
  const { ask, put } = await start(t);
  await put('content.bin', 10);
  t.is((await ask('/content.bin', {}, 'POST')).status, 404);
});

test('the secret is random unless the content is public', async (t) => {
  for (const isPublic of [false, true]) {
    const { ask, put } = await start(t, { isPublic, serveForSeconds: 60 });
    await put('content.bin', 5000);
    const information = decodeRoot((await ask('/content.bin', ASKING)).body);
    t.is(information.isPublic, isPublic);
    t.is(information.serveForSeconds, 60);
    const [entry] = information.segments;
    const secret = entry && segmentSecretOf(publicServerSecret(), entry.segmentHash);
    t.is(
      Buffer.compare(entry?.segmentSecret ?? Buffer.of(), secret ?? Buffer.of()) === 0,
      isPublic,
    );
  }
});

test('the bytes sent are counted by representation', async (t) => {
  const { ask, put, origin } = await start(t);
  await put('content.bin', 700_000);
  t.deepEqual(origin.traffic.content, { responses: 0, bytes: 0 });
  const root = await ask('/content.bin', ASKING);
  t.deepEqual(origin.traffic.content, { responses: 0, bytes: 0 });
  t.deepEqual(origin.traffic.contentInformation, { responses: 1, bytes: root.body.length });
  await ask('/content.bin');
  await ask('/content.bin', { range: 'bytes=5-14' });
  await ask('/content.bin', {}, 'HEAD');
  t.deepEqual(origin.traffic.content, { responses: 2, bytes: 700_010 });
});

test('every answer is logged, without the query', async (t) => {
  const { log, entries } = keepingLog();
  const { ask, put, origin } = await start(t, {}, log);
  await put('content.bin', 10);
  await ask('/content.bin?token=secret');
  await ask('/missing');
  await origin[Symbol.asyncDispose]();
  const answered = entries.filter(({ message }) => message === 'request answered');
  t.is(answered.length, 2);
  t.like(answered[0]?.facts, { path: '/content.bin', status: 200, representation: 'content' });
  t.like(answered[1]?.facts, { path: '/missing', status: 404 });
  t.notRegex(JSON.stringify(entries), /secret/);
});

test('a wrong folder is a named error and leaves no state folder behind', async (t) => {
  const folder = await temporaryFolder(t);
  const stateFolder = join(folder, 'state');
  const starting = startOrigin({ log: silentLog }, { folder: join(folder, 'x'), stateFolder });
  await t.throwsAsync(starting, { code: 'FOLDER_NOT_FOUND' });
  await t.throwsAsync(stat(stateFolder), { code: 'ENOENT' });
});

test('a port that is taken is a named error', async (t) => {
  const { origin, folder } = await start(t);
  const options = { folder, stateFolder: join(folder, 'state2'), port: origin.port };
  const starting = startOrigin({ log: silentLog }, options);
  await t.throwsAsync(starting, { code: 'ORIGIN_ADDRESS_UNAVAILABLE' });
});

test('a disposed origin has let go of its port', async (t) => {
  const { origin, folder } = await start(t);
  await origin[Symbol.asyncDispose]();
  const options = { folder, stateFolder: join(folder, 'state'), port: origin.port };
  const again = await startOrigin({ log: silentLog }, options);
  t.is(again.url, origin.url);
  await again[Symbol.asyncDispose]();
});

async function start(t: ExecutionContext, options: Partial<OriginOptions> = {}, log = silentLog) {
  const outside = await temporaryFolder(t);
  const folder = join(outside, 'folder');
  await mkdir(folder);
  const stateFolder = join(folder, 'state');
  // However busy the machine is: only the test that says otherwise sees the wait end.
  const hashingWaitMs = 10 * MINUTE_MS;
  const origin = await startOrigin({ log }, { folder, stateFolder, hashingWaitMs, ...options });
  t.teardown(() => origin[Symbol.asyncDispose]());
  const put = (name: string, sizeBytes: number, seed?: number) =>
    makeFile(join(folder, name), sizeBytes, seed);
  return { origin, folder, put, ask: asker(t, origin.url) };
}

async function askRaw(port: number, requestLine: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`${requestLine}\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return text(socket);
}
