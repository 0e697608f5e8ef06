import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { silentLog } from '@peer-cache/core';
import { mergeFinders } from '@peer-cache/discovery';
import { Downloader } from '@peer-cache/download';
import type { GetEvent } from '@peer-cache/protocol';
import { createMemoryBlockStore } from '@peer-cache/store';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Transfers } from '../src/transfers.ts';
import { collect } from './helpers/collect.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const CONTENT = Buffer.from('a content of a plain origin');
const whole: RequestListener = (_request, response) => response.end(CONTENT);
const missing: RequestListener = (_request, response) => response.writeHead(404).end();
/** Sends half of what it promises, and then nothing. */
const silentInTheMiddle: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-length': 2 * CONTENT.length }).write(CONTENT);
};

async function originOf(t: ExecutionContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://user:secret@127.0.0.1:${port}/a/file?token=secret`;
}

function openTransfers(t: ExecutionContext): Transfers {
  const store = createMemoryBlockStore({}, { limitBytes: 0 });
  const finder = mergeFinders({ log: silentLog, finders: [] });
  const downloader = new Downloader({ store, finder });
  t.teardown(() => downloader[Symbol.asyncDispose]());
  return new Transfers({ downloader, log: silentLog });
}

test('a get tells how it starts, goes and ends', async (t) => {
  const path = join(await temporaryFolder(t), 'file');
  const transfers = openTransfers(t);
  const url = await originOf(t, whole);
  const { signal } = new AbortController();
  const events = await collect(transfers.get({ url, path, overwrite: false }, { signal }));
  t.deepEqual(
    events.map(({ event }) => event),
    ['started', 'progress', 'done'],
  );
  t.like(events.at(-1), { path, sizeBytes: CONTENT.length, peerCount: 0 });
  t.deepEqual(await readFile(path), CONTENT);
  t.deepEqual(transfers.received(), { store: 0, peers: 0, origin: CONTENT.length });
  t.deepEqual(transfers.list(), []);
});

test('a stream has its bytes between the events', async (t) => {
  const transfers = openTransfers(t);
  const url = await originOf(t, whole);
  const { signal } = new AbortController();
  const parts = await collect(transfers.stream({ url }, { signal }));
  const bytes = parts.filter((part) => part instanceof Uint8Array);
  t.deepEqual(Buffer.concat(bytes), CONTENT);
  t.like(parts.at(-1), { event: 'done', sizeBytes: CONTENT.length });
});

for (const kind of ['get', 'stream'] as const) {
  test(`a ${kind} that fails ends with the error's code and no secret`, async (t) => {
    const path = join(await temporaryFolder(t), 'file');
    const request = { url: await originOf(t, missing), path, overwrite: false };
    const { signal } = new AbortController();
    const parts: AsyncIterable<GetEvent | Uint8Array> = openTransfers(t)[kind](request, { signal });
    const events = await collect(parts);
    t.like(events.at(-1), { event: 'failed', code: 'ORIGIN_NOT_FOUND', transient: false });
    t.false(JSON.stringify(events).includes('secret'));
  });
}

test('a transfer is listed while it runs, without secrets, and ends with its signal', async (t) => {
  const path = join(await temporaryFolder(t), 'file');
  const transfers = openTransfers(t);
  const url = await originOf(t, silentInTheMiddle);
  const leave = new AbortController();
  const events: GetEvent[] = [];
  for await (const event of transfers.get({ url, path, overwrite: false }, leave)) {
    events.push(event);
    if (event.event !== 'progress') continue;
    t.like(transfers.list(), [{ path, sizeBytes: 2 * CONTENT.length }]);
    t.false(JSON.stringify(transfers.list()).includes('secret'));
    leave.abort();
  }
  t.like(events.at(-1), { event: 'failed', code: 'CANCELLED', transient: true });
  t.deepEqual(transfers.list(), []);
});

test('who stops listening cancels', async (t) => {
  const path = join(await temporaryFolder(t), 'file');
  const transfers = openTransfers(t);
  const url = await originOf(t, silentInTheMiddle);
  const { signal } = new AbortController();
  for await (const event of transfers.get({ url, path, overwrite: false }, { signal })) {
    if (event.event === 'progress') break;
  }
  t.deepEqual(transfers.list(), []);
  await t.throwsAsync(readFile(path), { code: 'ENOENT' });
});
