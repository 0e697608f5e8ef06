import { once } from 'node:events';
import { chmod, link, lstat, mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { silentLog } from '@peer-cache/core';
import test from 'ava';
import type { ControlledAgent, ControlParts } from '../src/control-routes.ts';
import { startControlServer } from '../src/control-server.ts';
import { controlSocketPath } from '../src/control-socket.ts';
import { LogRing } from '../src/log/log-ring.ts';
import { controlCall } from './helpers/control-call.ts';
import type { Answer, Call } from './helpers/control-call.ts';
import { emptyAgent, FAILED, serveControl, STARTED, STATUS } from './helpers/controlled-agent.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const GET = { url: 'http://127.0.0.1/a', path: '/tmp/a', overwrite: false };
function partsOf(agent: ControlledAgent = emptyAgent()): ControlParts {
  return { agent, log: silentLog, records: new LogRing() };
}

async function modeOf(path: string): Promise<string> {
  return ((await lstat(path)).mode & 0o777).toString(8);
}

test('the socket is for its owner alone, in a folder for its owner alone', async (t) => {
  const socketPath = await serveControl(t);
  t.is(await modeOf(socketPath), '600');
  t.is(await modeOf(join(socketPath, '..')), '700');
});

test('the status is had in one request', async (t) => {
  const { status, text } = await controlCall(await serveControl(t), '/v1/status');
  t.is(status, 200);
  t.deepEqual(JSON.parse(text), STATUS);
});

test('a get is answered by lines of events', async (t) => {
  const answer = await controlCall(await serveControl(t), '/v1/get', { body: JSON.stringify(GET) });
  t.deepEqual(
    answer.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [STARTED, FAILED],
  );
});

test('a stream is answered by frames', async (t) => {
  const body = JSON.stringify({ url: GET.url });
  const { text } = await controlCall(await serveControl(t), '/v1/stream', { body });
  t.is(text.slice(0, 12), '\0\0\0\0\u0007content');
  t.deepEqual(JSON.parse(text.slice(12 + 5)), FAILED);
});

const refuses = test.macro<[string, string | undefined, number]>({
  async exec(t, path, body, status) {
    const options: Call = body === undefined ? {} : { body };
    const answer: Answer = await controlCall(await serveControl(t), path, options);
    t.is(answer.status, status);
    t.like(JSON.parse(answer.text), { code: 'CONTROL_REQUEST', transient: false });
  },
  title: (name, path, _, status) => `${name ?? path} is refused with ${status}`,
});

test('what is no JSON', refuses, '/v1/get', '{', 400);
test('no body', refuses, '/v1/get', '', 400);
test('a list', refuses, '/v1/get', '[]', 400);
test('a key too few', refuses, '/v1/get', JSON.stringify({ url: 'http://a/' }), 400);
test('a key too many', refuses, '/v1/get', JSON.stringify({ ...GET, mode: 7 }), 400);
test('a number for a path', refuses, '/v1/get', JSON.stringify({ ...GET, path: 1 }), 400);
test('text for a boolean', refuses, '/v1/get', JSON.stringify({ ...GET, overwrite: 'true' }), 400);
test('a relative path', refuses, '/v1/get', JSON.stringify({ ...GET, path: 'a' }), 400);
test('an empty URL', refuses, '/v1/stream', JSON.stringify({ url: '' }), 400);
test('an endless URL', refuses, '/v1/stream', JSON.stringify({ url: 'a'.repeat(20_000) }), 400);
test('a body of 128 KiB', refuses, '/v1/get', JSON.stringify('a'.repeat(2 ** 17)), 413);
test('another version', refuses, '/v2/status', undefined, 404);
test('a wrong method', refuses, '/v1/status', '{}', 405);

test('another media type is refused with 415', async (t) => {
  const answer = await controlCall(await serveControl(t), '/v1/get', {
    body: 'a',
    type: 'text/plain',
  });
  t.is(answer.status, 415);
});

test('who hangs up cancels what was asked for', async (t) => {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  const socketPath = await serveControl(t, {
    async *get(_request, { signal }) {
      signal.addEventListener('abort', () => resolve());
      yield STARTED;
      await once(signal, 'abort');
    },
  });
  const headers = { 'content-type': 'application/json' };
  const outgoing = request({ socketPath, path: '/v1/get', method: 'POST', headers });
  outgoing.end(JSON.stringify(GET));
  outgoing.once('response', (answer) => answer.once('data', () => answer.destroy()));
  await cancelled;
  t.pass();
});

test('disposing ends requests that are still answered', async (t) => {
  const socketPath = join(await temporaryFolder(t), 'run', 'control.sock');
  const agent = emptyAgent({
    async *get(_request, { signal }) {
      yield STARTED;
      await once(signal, 'abort');
    },
  });
  const server = await startControlServer(partsOf(agent), { socketPath });
  const ended = t.throwsAsync(controlCall(socketPath, '/v1/get', { body: JSON.stringify(GET) }));
  await server[Symbol.asyncDispose]();
  await ended;
  await t.throwsAsync(lstat(socketPath), { code: 'ENOENT' });
});

test('the socket of a live agent is left alone', async (t) => {
  const socketPath = await serveControl(t);
  const second = startControlServer(partsOf(), { socketPath });
  await t.throwsAsync(second, { code: 'AGENT_RUNNING' });
  t.is((await controlCall(socketPath, '/v1/status')).status, 200);
});

test('the socket of a dead agent is replaced', async (t) => {
  const folder = join(await temporaryFolder(t), 'run');
  await mkdir(folder, { mode: 0o700 });
  const socketPath = join(folder, 'control.sock');
  await leaveSocket(socketPath);
  t.true((await lstat(socketPath)).isSocket());
  const server = await startControlServer(partsOf(), { socketPath });
  t.teardown(() => server[Symbol.asyncDispose]());
  t.is((await controlCall(socketPath, '/v1/status')).status, 200);
});

test('a file in the place of the socket is kept, with an error', async (t) => {
  const folder = join(await temporaryFolder(t), 'run');
  await mkdir(folder, { mode: 0o700 });
  const socketPath = join(folder, 'control.sock');
  await writeFile(socketPath, 'precious');
  const server = startControlServer(partsOf(), { socketPath });
  await t.throwsAsync(server, { code: 'CONTROL_SOCKET' });
  t.true((await lstat(socketPath)).isFile());
});

test('a folder that others may enter holds no control socket', async (t) => {
  const folder = join(await temporaryFolder(t), 'run');
  await mkdir(folder);
  await chmod(folder, 0o755);
  const options = { socketPath: join(folder, 'control.sock') };
  const server = startControlServer(partsOf(), options);
  await t.throwsAsync(server, { code: 'PRIVATE_FILE' });
});

test('the socket is where the environment says, if it is short enough for one', (t) => {
  t.is(controlSocketPath({ PEER_CACHE_SOCKET: '/run/a.sock' }), '/run/a.sock');
  t.is(controlSocketPath({ XDG_RUNTIME_DIR: '/run/me' }), '/run/me/peer-cache/control.sock');
  const tooLong = `/run/${'a'.repeat(120)}`;
  t.throws(() => controlSocketPath({ PEER_CACHE_SOCKET: tooLong }), { code: 'CONTROL_SOCKET' });
  t.not(controlSocketPath({ XDG_RUNTIME_DIR: tooLong }), `${tooLong}/peer-cache/control.sock`);
});

/** Leaves what an agent leaves that was killed: a socket file that nobody listens on. */
async function leaveSocket(socketPath: string): Promise<void> {
  const server = createServer();
  server.listen(`${socketPath}.alive`);
  await once(server, 'listening');
  await link(`${socketPath}.alive`, socketPath);
  server.close();
  await once(server, 'close');
}
