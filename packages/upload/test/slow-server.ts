import type { RequestListener } from 'node:http';
import { MIB } from '@peer-cache/core';
import test from 'ava';
import { startOrigin } from '../../transport/test/helpers/servers.ts';
import { fileOf, folderOf, send } from './helpers/sent.ts';
import { startUploadServer } from './helpers/upload-server.ts';

/** More than the systems' buffers on both sides hold. */
const SIZE_BYTES = 24 * MIB;
/** How long these servers may take. */
const answerMs = 300;
const SILENT = { code: 'ORIGIN_UNREACHABLE', message: /silent for too long/ };

const LISTENERS: Readonly<Record<string, RequestListener>> = {
  'takes nothing of what is sent': () => undefined,
  'takes all and says nothing': (request) => void request.resume(),
  'answers a byte at a time': (request, response) => {
    request.resume();
    const { socket } = response;
    const drip = setInterval(() => socket?.write('H'), answerMs / 10);
    socket?.on('error', () => undefined).once('close', () => clearInterval(drip));
    socket?.write('HTTP/1.1 201 Created\r\nX-Slow: ');
  },
};
for (const [name, listener] of Object.entries(LISTENERS)) {
  test(`a PUT to a server that ${name} ends in an error`, async (t) => {
    const { path } = await fileOf(t, SIZE_BYTES);
    await using server = await startOrigin(listener);
    await t.throwsAsync(send(path, server.url, { protocol: 'put', answerMs }), SILENT);
  });
}

test('a tus server that stops taking bytes is asked what it has, some times, and given up', async (t) => {
  const { path } = await fileOf(t, SIZE_BYTES);
  await using server = await startUploadServer({
    folder: await folderOf(t),
    meddle: ({ method }) => method === 'PATCH',
  });
  await t.throwsAsync(send(path, server.url, { answerMs }), SILENT);
  const methods = server.requests.map((each) => each.split(' ')[0]);
  t.deepEqual(methods.slice(0, 4), ['OPTIONS', 'POST', 'PATCH', 'HEAD']);
  t.is(methods.filter((each) => each === 'PATCH').length, 4);
});

test('an answer whose body never ends is not waited for', async (t) => {
  const { path, bytes } = await fileOf(t, MIB);
  let takenBytes = 0;
  await using server = await startOrigin((request, response) => {
    request.on('data', (chunk: Buffer) => void (takenBytes += chunk.length));
    request.once('end', () => {
      if (request.method === 'PUT') response.writeHead(201).write('more');
      else response.writeHead(405).end();
    });
  });
  await send(path, server.url, { protocol: 'put', answerMs });
  t.is(takenBytes, bytes.length);
});
