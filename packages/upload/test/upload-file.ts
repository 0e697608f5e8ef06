import { appendFile, writeFile } from 'node:fs/promises';
import { MIB } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { UploadSession } from '../src/upload-journey.ts';
import { UploadServers } from '../src/upload-servers.ts';
import { fileOf, folderOf, send } from './helpers/sent.ts';
import { startCutter, startUploadServer } from './helpers/upload-server.ts';
import type { UploadServer } from './helpers/upload-server.ts';

for (const sizeBytes of [0, 1, 65_536, 3 * MIB + 17]) {
  test(`${sizeBytes} bytes arrive at a tus server`, async (t) => {
    const { path, bytes } = await fileOf(t, sizeBytes);
    await using server = await startUploadServer({ folder: await folderOf(t) });
    const { uploaded, sessions, progress } = await send(path, server.url);
    t.is(uploaded.protocol, 'tus');
    await hasOnly(t, server, bytes);
    t.is(progress.doneBytes, sizeBytes);
    t.is(sessions.at(-1)?.url?.startsWith(server.url), true);
  });
}

test('files that go to the same place have its server asked once', async (t) => {
  const [one, another] = [await fileOf(t, 10), await fileOf(t, 20)];
  let isBusy = true;
  await using server = await startUploadServer({
    folder: await folderOf(t),
    meddle: ({ method }, response) => {
      if (!isBusy || method !== 'OPTIONS') return false;
      isBusy = false;
      response.writeHead(503).end();
      return true;
    },
  });
  const servers = new UploadServers();
  await t.throwsAsync(send(one.path, server.url, { servers }), { code: 'ORIGIN_BUSY' });
  await Promise.all([one, another].map(({ path }) => send(path, server.url, { servers })));
  const asked = server.requests.filter((each) => each.startsWith('OPTIONS'));
  t.is(asked.length, 2, 'once more after it failed');
  t.is((await server.files()).length, 2);
});

test('a connection that is cut every MiB costs what was on its way, and no more', async (t) => {
  const { path, bytes } = await fileOf(t, 6 * MIB);
  await using server = await startUploadServer({ folder: await folderOf(t) });
  await using cutter = await startCutter(server.port, MIB);
  const { progress } = await send(path, `http://127.0.0.1:${cutter.port}/files`);
  await hasOnly(t, server, bytes);
  t.is(progress.doneBytes, bytes.length);
  t.true(cutter.cuts() >= 5, `${cutter.cuts()} cuts`);
});

test('what an earlier attempt sent is not sent again', async (t) => {
  const { path, bytes } = await fileOf(t, 5 * MIB);
  await using server = await startUploadServer({ folder: await folderOf(t) });
  const stop = new AbortController();
  let session: UploadSession | undefined;
  let sentBytes = 0;
  const turn = {
    isUrgent: true,
    ask: () => {
      if (++sentBytes * 65_536 > 3 * MIB) stop.abort(new Error('enough'));
      return { blocks: 1, received: () => undefined, [Symbol.dispose]: () => undefined };
    },
    onFree: () => ({ [Symbol.dispose]: () => undefined }),
  };
  const onSession = (next: UploadSession) => void (session = next);
  await t.throwsAsync(send(path, server.url, { turn, onSession, signal: stop.signal }), {
    message: 'enough',
  });
  const { progress } = await send(path, server.url, { session });
  await hasOnly(t, server, bytes);
  const posts = server.requests.filter((each) => each.startsWith('POST'));
  t.is(posts.length, 1);
  t.is(progress.doneBytes, bytes.length);
});

test('an upload that the server forgot begins anew by itself', async (t) => {
  const { path, bytes } = await fileOf(t, 2 * MIB);
  await using server = await startUploadServer({ folder: await folderOf(t) });
  const { sessions } = await send(path, server.url);
  await server.forget();
  const warnings: string[] = [];
  const again = await send(path, server.url, { session: sessions.at(-1) });
  again.progress.on('upload-warned', ({ code }) => warnings.push(code));
  await hasOnly(t, server, bytes);
  t.is(server.requests.filter((each) => each.startsWith('POST')).length, 2);
});

test('a file that is whole at the server is not sent again', async (t) => {
  const { path } = await fileOf(t, 2 * MIB);
  await using server = await startUploadServer({ folder: await folderOf(t) });
  const { sessions } = await send(path, server.url);
  const before = server.requests.length;
  await send(path, server.url, { session: sessions.at(-1) });
  t.deepEqual(
    server.requests.slice(before).map((each) => each.split(' ')[0]),
    ['HEAD'],
  );
});

test('a file that changes on its way is never whole at the server', async (t) => {
  const { path, bytes } = await fileOf(t, 4 * MIB);
  await using server = await startUploadServer({ folder: await folderOf(t) });
  let turns = 0;
  const turn = {
    isUrgent: true,
    ask: () => {
      if (++turns === 20) void writeFile(path, Buffer.alloc(bytes.length, 1));
      return { blocks: 1, received: () => undefined, [Symbol.dispose]: () => undefined };
    },
    onFree: () => ({ [Symbol.dispose]: () => undefined }),
  };
  await t.throwsAsync(send(path, server.url, { turn }), { code: 'LOCAL_FILE_CHANGED' });
  const [stored] = await server.files();
  t.true((stored?.length ?? 0) < bytes.length);
});

test('a file that grows is another file', async (t) => {
  const { path } = await fileOf(t, 2 * MIB);
  await using server = await startUploadServer({
    folder: await folderOf(t),
    meddle: ({ method }) => {
      if (method === 'POST') void appendFile(path, 'more');
      return false;
    },
  });
  await t.throwsAsync(send(path, server.url), { code: 'LOCAL_FILE_CHANGED' });
});

test('a file that is larger than the server takes is told at once', async (t) => {
  const { path } = await fileOf(t, 2 * MIB);
  await using server = await startUploadServer({ folder: await folderOf(t), maxSize: MIB });
  await t.throwsAsync(send(path, server.url), { code: 'UPLOAD_TOO_LARGE', message: /1048576/ });
  t.deepEqual(server.requests, ['OPTIONS /files']);
});

for (const [status, code, isTransient] of [
  [401, 'ORIGIN_REFUSED', false],
  [403, 'ORIGIN_REFUSED', false],
  [412, 'UPLOAD_EXISTS', false],
  [413, 'UPLOAD_TOO_LARGE', false],
  [422, 'UPLOAD_DAMAGED', true],
  [423, 'ORIGIN_BUSY', true],
  [500, 'ORIGIN_FAILED', true],
  [503, 'ORIGIN_BUSY', true],
  [507, 'ORIGIN_FAILED', true],
] as const) {
  test(`a server that says ${status} in the middle: ${code}`, async (t) => {
    const { path } = await fileOf(t, 2 * MIB);
    await using server = await startUploadServer({
      folder: await folderOf(t),
      meddle: (request, response) => {
        if (request.method !== 'PATCH') return false;
        request.resume();
        response.writeHead(status).end();
        return true;
      },
    });
    const error = await t.throwsAsync(send(path, server.url));
    t.like(error, { code, transient: isTransient });
  });
}

test('a smaller part is tried where a larger one is too much', async (t) => {
  const { path, bytes } = await fileOf(t, 5 * MIB);
  await using server = await startUploadServer({
    folder: await folderOf(t),
    meddle: (request, response) => {
      if (Number(request.headers['content-length'] ?? 0) <= MIB) return false;
      request.resume();
      response.writeHead(413).end();
      return true;
    },
  });
  await send(path, server.url);
  await hasOnly(t, server, bytes);
});

test('an upload is led to no other host', async (t) => {
  const { path } = await fileOf(t, 10);
  await using server = await startUploadServer({
    folder: await folderOf(t),
    meddle: ({ method }, response) => {
      if (method !== 'POST') return false;
      response.writeHead(201, { location: 'http://127.0.0.2:1/files/1' }).end();
      return true;
    },
  });
  await t.throwsAsync(send(path, server.url), { code: 'ORIGIN_PROTOCOL' });
});

/** Compared as bytes: AVA's own comparison of large buffers takes seconds. */
async function hasOnly(t: ExecutionContext, server: UploadServer, bytes: Buffer): Promise<void> {
  const files = await server.files();
  t.is(files.length, 1);
  t.true(files[0]?.equals(bytes));
}
