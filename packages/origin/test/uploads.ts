import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { buffer } from 'node:stream/consumers';
import { DAY_MS } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { request } from 'undici';
import { startOrigin } from '../../transport/test/helpers/servers.ts';
import { partsOfName } from '../src/uploads/upload-name.ts';
import { waitAfter, signatureOf, ownReply } from '../src/uploads/upload-notice.ts';
import { startUploads, uploadByTus } from './helpers/uploads.ts';

const TUS = { 'tus-resumable': '1.0.0' };
const BYTES = randomBytes(300_000);

/** Creates an upload by hand. */
async function create(url: string, filename: string, sizeBytes: number) {
  const metadata = filename === '' ? {} : { 'upload-metadata': `filename ${base64(filename)}` };
  const headers = { ...TUS, 'upload-length': `${sizeBytes}`, ...metadata };
  const { statusCode, headers: fields, body } = await request(url, { method: 'POST', headers });
  const location = fields['location'];
  const at = typeof location === 'string' ? new URL(location, url).href : '';
  return { status: statusCode, at, text: await body.text() };
}

async function patch(at: string, offset: number, bytes: Buffer, more: Record<string, string> = {}) {
  const type = 'application/offset+octet-stream';
  const headers = { ...TUS, 'upload-offset': `${offset}`, 'content-type': type, ...more };
  const answer = await request(at, { method: 'PATCH', headers, body: bytes });
  return { status: answer.statusCode, fields: answer.headers, text: await answer.body.text() };
}

async function head(at: string) {
  const { statusCode, headers, body } = await request(at, { method: 'HEAD', headers: TUS });
  await body.dump();
  return { status: statusCode, fields: headers };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function digestOf(bytes: Buffer): string {
  return `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
}

test('a file gets its name below the folder when it is whole, and not before', async (t) => {
  const { url, folder, read } = await startUploads(t);
  const { at } = await create(url, 'a/b/report.bin', BYTES.length);
  await patch(at, 0, BYTES.subarray(0, 1000));
  t.deepEqual(await readdir(folder), ['.peer-cache-uploads']);
  t.is((await head(at)).fields['upload-offset'], '1000');
  const last = await patch(at, 1000, BYTES.subarray(1000), { 'repr-digest': digestOf(BYTES) });
  t.is(last.status, 204);
  t.is(last.fields['repr-digest'], digestOf(BYTES));
  t.true((await read('a/b/report.bin')).equals(BYTES));
  const { mode } = await stat(join(folder, 'a/b/report.bin'));
  t.is(mode & 0o777, 0o666 & ~process.umask(), 'as any new file');
  t.deepEqual((await readdir(join(folder, '.peer-cache-uploads'))).length, 1, 'the record alone');
});

test("others' client uploads, and goes on after a break", async (t) => {
  const { url, read } = await startUploads(t);
  await uploadByTus(url, 'theirs.bin', BYTES);
  t.true((await read('theirs.bin')).equals(BYTES));
  await uploadByTus(url, 'empty.bin', Buffer.alloc(0));
  t.is((await read('empty.bin')).length, 0);
});

test('who lost the last answer is told the same again', async (t) => {
  const { url } = await startUploads(t);
  const { at } = await create(url, 'x', 5);
  await patch(at, 0, Buffer.from('hello'));
  const { fields } = await head(at);
  t.is(fields['upload-offset'], '5');
  t.is(fields['repr-digest'], digestOf(Buffer.from('hello')));
});

test('what does not hash to what its sender says is dropped', async (t) => {
  const { url, folder } = await startUploads(t);
  const { at } = await create(url, 'x', 5);
  const digest = digestOf(Buffer.from('other'));
  const { status, text } = await patch(at, 0, Buffer.from('hello'), { 'repr-digest': digest });
  t.is(status, 422);
  t.is(JSON.parse(text).code, 'UPLOAD_DIGEST_WRONG');
  t.is((await head(at)).status, 404);
  t.deepEqual(await readdir(folder), ['.peer-cache-uploads']);
  t.deepEqual(await readdir(join(folder, '.peer-cache-uploads')), []);
});

test('nothing is replaced, before and after the bytes have come, and one of two wins', async (t) => {
  const { url, folder, read } = await startUploads(t);
  await writeFile(join(folder, 'there'), 'old');
  t.is((await create(url, 'there', 5)).status, 412);
  const [one, two] = await Promise.all([create(url, 'new', 3), create(url, 'new', 3)]);
  const ends = await Promise.all([
    patch(one.at, 0, Buffer.from('one')),
    patch(two.at, 0, Buffer.from('two')),
  ]);
  t.deepEqual(
    ends.map(({ status }) => status).toSorted((a, b) => a - b),
    [204, 412],
  );
  t.is(String(await read('there')), 'old');
  t.is(String(await read('new')), ends[0]?.status === 204 ? 'one' : 'two');
});

test('what came whole and could not get its name is not told to be whole', async (t) => {
  const { url, folder, read } = await startUploads(t);
  const { at } = await create(url, 'x', 5);
  await writeFile(join(folder, 'x'), 'old');
  t.is((await patch(at, 0, Buffer.from('hello'))).status, 412);
  t.is((await head(at)).status, 412);
  await rm(join(folder, 'x'));
  t.is((await head(at)).fields['upload-offset'], '5');
  t.is(String(await read('x')), 'hello');
});

test('who asks while the file is being placed is told the same', async (t) => {
  const { url, read } = await startUploads(t);
  const bytes = randomBytes(3_000_000);
  const { at } = await create(url, 'x', bytes.length);
  await patch(at, 0, bytes.subarray(0, -1));
  const last = patch(at, bytes.length - 1, bytes.subarray(-1));
  const asked = Array.from({ length: 20 }, () => head(at));
  t.is((await last).status, 204);
  for (const { status } of await Promise.all(asked)) t.is(status, 200);
  t.true((await read('x')).equals(bytes));
});

test('where it is allowed a file is replaced, and a folder is not', async (t) => {
  const { url, folder, read } = await startUploads(t, { overwrite: true });
  await writeFile(join(folder, 'there'), 'old');
  await mkdir(join(folder, 'folder'));
  const { at } = await create(url, 'there', 3);
  t.is((await patch(at, 0, Buffer.from('new'))).status, 204);
  t.is(String(await read('there')), 'new');
  t.is((await create(url, 'folder', 3)).status, 412);
});

const LONG = 'x'.repeat(256);
for (const name of [
  '',
  '..',
  '../x',
  'a/../../x',
  'a/./b',
  '/etc/passwd',
  'a//b',
  'a/',
  'a\\b',
  'a\0b',
  'a\nb',
  LONG,
  `${'a/'.repeat(600)}x`,
  '.peer-cache-uploads/x',
  '.Peer-Cache-Uploads',
  'image.iso.peer-cache',
  'IMAGE.ISO.PEER-CACHE',
]) {
  test(`${JSON.stringify(name.slice(0, 30))} is refused as a name`, async (t) => {
    t.throws(() => partsOfName(name), { code: 'UPLOAD_NAME_REFUSED' });
    const { url, folder } = await startUploads(t);
    const { status, text } = await create(url, name, 5);
    t.is(status, 400, text);
    t.deepEqual(await readdir(join(folder, '.peer-cache-uploads')), []);
  });
}

test('a link is no way out of the folder', async (t) => {
  const { url, folder } = await startUploads(t);
  const outside = join(folder, '..', 'outside');
  await mkdir(outside);
  await symlink(outside, join(folder, 'link'));
  await symlink(join(outside, 'target'), join(folder, 'file'));
  t.is((await create(url, 'link/x', 5)).status, 400);
  t.is((await create(url, 'file', 5)).status, 412);
  // Made after the upload began.
  const { at } = await create(url, 'late/x', 5);
  await symlink(outside, join(folder, 'late'));
  t.is((await patch(at, 0, Buffer.from('hello'))).status, 400);
  t.deepEqual(await readdir(outside), []);
});

test('one upload and one user have their limits', async (t) => {
  const { url } = await startUploads(t, { mostBytes: 100, quotaBytes: 150 });
  t.is((await create(url, 'a', 101)).status, 413);
  const first = await create(url, 'a', 100);
  const second = await create(url, 'b', 60);
  t.is(second.status, 507);
  t.is(JSON.parse(second.text).code, 'UPLOAD_NO_ROOM');
  await patch(first.at, 0, Buffer.alloc(100));
  t.is((await create(url, 'b', 60)).status, 201, 'what is placed counts no more');
});

test('more than was announced does not come', async (t) => {
  const { url, folder } = await startUploads(t);
  const { at } = await create(url, 'a', 10);
  t.is((await patch(at, 0, Buffer.alloc(20))).status, 413);
  t.deepEqual(await readdir(folder), ['.peer-cache-uploads']);
});

test('an upload that is idle for two weeks is gone, one that moves is not', async (t) => {
  let nowMs = 1_700_000_000_000;
  const { url } = await startUploads(t, { nowMs: () => nowMs });
  const { at } = await create(url, 'a', 10);
  nowMs += 10 * DAY_MS;
  await patch(at, 0, Buffer.alloc(5));
  nowMs += 10 * DAY_MS;
  t.is((await head(at)).status, 200);
  nowMs += 5 * DAY_MS;
  t.is((await head(at)).status, 410);
});

test('what is under way is kept over a restart, and what is foreign left alone', async (t) => {
  const first = await startUploads(t);
  const { at } = await create(first.url, 'a', 10);
  await patch(at, 0, Buffer.alloc(5, 1));
  const sessions = join(first.folder, '.peer-cache-uploads');
  await writeFile(join(sessions, 'notes.txt'), 'mine');
  const left = ['data', 'data.link', 'json.new'].map((kind) => `${'e'.repeat(32)}.${kind}`);
  for (const name of left) await writeFile(join(sessions, name), 'left by a crash');
  await writeFile(join(sessions, `${'f'.repeat(32)}.data`), 'of a record that is none');
  await writeFile(join(sessions, `${'f'.repeat(32)}.json`), '{"id": 5');
  await first.origin[Symbol.asyncDispose]();
  const second = await startUploads(t, {}, join(first.folder, '..'));
  const next = at.replace(first.origin.url, second.origin.url);
  t.is((await head(next)).fields['upload-offset'], '5');
  await patch(next, 5, Buffer.alloc(5, 2));
  t.deepEqual([...(await second.read('a'))], [1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
  const names = await readdir(sessions);
  t.true(names.includes('notes.txt') && names.includes(`${'f'.repeat(32)}.data`));
  for (const name of left) t.false(names.includes(name), name);
});

test('a folder that can take nothing is told at the start', async (t) => {
  const { folder } = await startUploads(t);
  await t.throwsAsync(startUploads(t, { folder: join(folder, 'nowhere') }), {
    code: 'UPLOAD_FOLDER_UNUSABLE',
  });
  await writeFile(join(folder, 'file'), '');
  await t.throwsAsync(startUploads(t, { folder: join(folder, 'file') }), {
    code: 'UPLOAD_FOLDER_UNUSABLE',
  });
});

interface Application {
  readonly url: string;
  readonly told: { readonly fields: IncomingMessage['headers']; readonly body: Buffer }[];
}

/** A real application that is told of uploads. */
async function startApplication(
  t: ExecutionContext,
  answer: (response: ServerResponse, count: number) => void,
): Promise<Application> {
  const told: Application['told'] = [];
  const hear = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    told.push({ fields: incoming.headers, body: await buffer(incoming) });
    answer(response, told.length);
  };
  const server = await startOrigin((...call) => void hear(...call));
  t.teardown(() => server[Symbol.asyncDispose]());
  return { url: `${server.url}/told`, told };
}

test('an application is told, and its reply with the last answer and later ones', async (t) => {
  const application = await startApplication(t, (response) =>
    response.writeHead(200, { link: '</replies/7>; rel="reply"' }).end(),
  );
  const { url } = await startUploads(t, {
    application: { url: application.url, mode: 'reference', secret: 'key' },
  });
  const { at } = await create(url, 'a/x', 5);
  const { fields } = await patch(at, 0, Buffer.from('hello'));
  t.is(fields['link'], '</replies/7>; rel="reply"');
  t.is((await head(at)).fields['link'], '</replies/7>; rel="reply"');
  const [told] = application.told;
  const facts = JSON.parse(String(told?.body));
  t.like(facts, { name: 'a/x', sizeBytes: 5, digest: digestOf(Buffer.from('hello')) });
  t.is(told?.fields['idempotency-key'], facts.id);
  t.is(told?.fields['upload-signature'], signatureOf(facts, 'key'));
});

test('an application can have the file itself', async (t) => {
  const application = await startApplication(t, (response) => response.end());
  const { url } = await startUploads(t, {
    application: { url: application.url, mode: 'value', secret: undefined },
  });
  const { at } = await create(url, 'ü', BYTES.length);
  const { fields } = await patch(at, 0, BYTES);
  t.is(fields['upload-reply'], 'none');
  t.true(application.told[0]?.body.equals(BYTES));
  t.is(application.told[0]?.fields['upload-name'], encodeURIComponent('ü'));
});

test('an application that fails is told again, with the same key', async (t) => {
  const application = await startApplication(t, (response, count) =>
    response.writeHead(count < 2 ? 503 : 204).end(),
  );
  const { url } = await startUploads(t, {
    application: { url: application.url, mode: 'reference', secret: undefined },
  });
  const { at } = await create(url, 'x', 5);
  t.is((await patch(at, 0, Buffer.from('hello'))).fields['upload-reply'], 'pending');
  while ((await head(at)).fields['upload-reply'] === 'pending') await new Promise(setImmediate);
  const keys = application.told.map(({ fields }) => fields['idempotency-key']);
  t.is(keys.length, 2);
  t.is(keys[0], keys[1]);
});

test('who is told after a restart may name the reply as the uploader would', async (t) => {
  let host = '';
  const application = await startApplication(t, (response, count) => {
    if (count === 1) response.writeHead(503).end();
    else response.writeHead(200, { link: `<http://${host}/replies/7>; rel="reply"` }).end();
  });
  const options = {
    application: { url: application.url, mode: 'reference', secret: undefined },
  } as const;
  const first = await startUploads(t, options);
  ({ host } = new URL(first.url));
  const { at } = await create(first.url, 'x', 5);
  t.is((await patch(at, 0, Buffer.from('hello'))).fields['upload-reply'], 'pending');
  await first.origin[Symbol.asyncDispose]();
  const second = await startUploads(t, options, join(first.folder, '..'));
  const next = new URL(new URL(at).pathname, second.url).href;
  while ((await head(next)).fields['upload-reply'] === 'pending') await new Promise(setImmediate);
  t.is((await head(next)).fields['link'], '</replies/7>; rel="reply"');
});

test('a reply elsewhere is not passed on', async (t) => {
  const application = await startApplication(t, (response) =>
    response.writeHead(200, { link: '<https://elsewhere.test/x>; rel="reply"' }).end(),
  );
  const { url } = await startUploads(t, {
    application: { url: application.url, mode: 'reference', secret: undefined },
  });
  const { at } = await create(url, 'x', 5);
  const { fields } = await patch(at, 0, Buffer.from('hello'));
  t.is(fields['link'], undefined);
  t.is(fields['upload-reply'], 'none');
  t.is(ownReply('//elsewhere.test/', 'a.test'), undefined);
  t.is(ownReply('ftp://a.test/x', 'a.test'), undefined);
  t.is(ownReply('http://a.test/x?y', 'a.test'), '/x?y');
  t.is(ownReply('https://a.test/x', 'a.test'), '/x', 'TLS ends in front of us');
  t.is(ownReply('/x', 'a.test:80'), '/x');
  t.is(ownReply('/x', 'a b'), undefined);
  t.is(ownReply('https://a.test:8443/x', 'a.test:8443'), '/x');
});

test('the waits between tries grow to ten minutes', (t) => {
  t.deepEqual([0, 1, 2, 20, 10_000].map(waitAfter), [1000, 2000, 4000, 600_000, 600_000]);
});

test('no web page may upload: its browser is told of no leave', async (t) => {
  const { url } = await startUploads(t);
  const headers = { ...TUS, origin: 'https://page.test' };
  for (const method of ['OPTIONS', 'POST'] as const) {
    const answer = await request(url, { method, headers });
    t.is(answer.headers['access-control-allow-origin'], undefined, method);
    await answer.body.dump();
  }
});

test('what others on this machine may read is the file alone', async (t) => {
  const { url, folder } = await startUploads(t);
  await create(url, 'x', 5);
  const sessions = join(folder, '.peer-cache-uploads');
  t.is((await stat(sessions)).mode & 0o777, 0o700);
  for (const name of await readdir(sessions)) {
    t.is((await stat(join(sessions, name))).mode & 0o777, 0o600, name);
  }
  const answer = await request(`${new URL(url).origin}/.peer-cache-uploads/`);
  t.is(answer.statusCode, 404);
  await answer.body.dump();
});
