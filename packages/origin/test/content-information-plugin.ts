import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CONTENT_INFORMATION_TYPE,
  decodeRoot,
  MINUTE_MS,
  serverSecretFrom,
} from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { SMALL_CONTENT_BYTES } from '../src/content-catalog.ts';
import { contentInformation } from '../src/content-information-plugin.ts';
import type { ContentInformationOptions } from '../src/content-information-plugin.ts';
import { ASKING } from './helpers/ask.ts';
import { makeFile, temporaryFolder } from './helpers/files.ts';
import { checkInformation } from './helpers/information.ts';
import { keepingLog } from './helpers/log.ts';

const ALL = { accept: ASKING.accept };
const ONLY = { accept: CONTENT_INFORMATION_TYPE };

test("an app's hook refuses both representations alike", async (t) => {
  const { app, folder } = await start(t, { prefix: '/files' });
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers.authorization !== 'Bearer right') return reply.code(401).send('no');
    return undefined;
  });
  const bytes = await makeFile(join(folder, 'content.bin'), 5000);
  for (const headers of [{}, ASKING, ALL, ONLY]) {
    const refused = await app.inject({ url: '/files/content.bin', headers });
    t.is(refused.statusCode, 401);
    t.is(refused.body, 'no');
    t.is(refused.headers.etag, undefined);
  }
  const authorization = 'Bearer right';
  const plain = await app.inject({ url: '/files/content.bin', headers: { authorization } });
  t.true(plain.rawPayload.equals(bytes));
  const headers = { ...ALL, authorization };
  const information = await app.inject({ url: '/files/content.bin', headers });
  checkInformation(t, information.rawPayload, bytes);
});

test('without a prefix nothing is served but by routes of the app', async (t) => {
  const { app, folder } = await start(t);
  app.get<{ Params: { id: string } }>('/releases/:id', async (request, reply) => {
    reply.header('vary', 'Origin');
    reply.header('cache-control', 'max-age=60');
    reply.header('content-disposition', 'attachment');
    return reply.sendContent(`builds/${request.params.id}/image.bin`);
  });
  await mkdir(join(folder, 'builds', '7'), { recursive: true });
  const bytes = await makeFile(join(folder, 'builds', '7', 'image.bin'), 70_000);
  t.is((await app.inject('/builds/7/image.bin')).statusCode, 404);
  const plain = await app.inject('/releases/7');
  t.true(plain.rawPayload.equals(bytes));
  t.like(plain.headers, {
    vary: 'Origin, Accept',
    'cache-control': 'max-age=60',
    'content-disposition': 'attachment',
  });
  const information = await app.inject({ url: '/releases/7', headers: ALL });
  checkInformation(t, information.rawPayload, bytes);
  t.like(information.headers, { vary: 'Origin, Accept', 'cache-control': 'no-store' });
  t.is((await app.inject('/releases/8')).statusCode, 404);
  t.is((await app.inject('/releases/..%2f..%2f..%2fetc')).statusCode, 404);
});

test('what is private or no-store is sent but never described', async (t) => {
  const { app, folder } = await start(t);
  app.get('/option', (_request, reply) => reply.sendContent('content.bin', { isPrivate: true }));
  for (const name of ['private', 'no-store']) {
    app.get(`/${name}`, (_request, reply) =>
      reply.header('cache-control', `max-age=0, ${name}`).sendContent('content.bin'),
    );
  }
  const bytes = await makeFile(join(folder, 'content.bin'), 5000);
  for (const url of ['/option', '/private', '/no-store']) {
    const plain = await app.inject({ url, headers: ALL });
    t.is(plain.statusCode, 200);
    t.true(plain.rawPayload.equals(bytes));
    t.is(plain.headers.vary, 'Accept');
    const only = await app.inject({ url, headers: ONLY });
    t.is(only.statusCode, 406);
    t.is(only.json().code, 'NO_CONTENT_INFORMATION');
  }
});

test("a miss is the app's own 404", async (t) => {
  const { app } = await start(t, { prefix: '/' });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('nothing here'));
  t.is((await app.inject('/missing')).body, 'nothing here');
});

test('a server secret may come from elsewhere; origins that share it make equal secrets', async (t) => {
  const serverSecret = serverSecretFrom(Buffer.alloc(32, 5));
  const roots = [];
  for (let origin = 0; origin < 2; origin++) {
    const { app, folder } = await start(t, { prefix: '/', serverSecret });
    await makeFile(join(folder, 'content.bin'), 5000);
    const { rawPayload } = await app.inject({ url: '/content.bin', headers: ASKING });
    roots.push(decodeRoot(rawPayload));
  }
  t.deepEqual(roots[0]?.segments, roots[1]?.segments);
});

test('a cleaned state folder costs hashing anew and no wrong answer', async (t) => {
  const { app, folder, stateFolder } = await start(t, { prefix: '/' });
  const bytes = await makeFile(join(folder, 'content.bin'), SMALL_CONTENT_BYTES + 1);
  const request = { url: '/content.bin', headers: ALL };
  checkInformation(t, (await app.inject(request)).rawPayload, bytes);
  await rm(join(stateFolder, 'catalog'), { recursive: true });
  await mkdir(join(stateFolder, 'catalog'));
  checkInformation(t, (await app.inject(request)).rawPayload, bytes);
});

test('a state folder that can not be written costs the description, not the content', async (t) => {
  const { log, entries } = keepingLog();
  const { app, folder, stateFolder } = await start(t, { prefix: '/', log });
  const bytes = await makeFile(join(folder, 'content.bin'), SMALL_CONTENT_BYTES + 1);
  await rm(join(stateFolder, 'catalog'), { recursive: true });
  await writeFile(join(stateFolder, 'catalog'), '');
  const { rawPayload } = await app.inject({ url: '/content.bin', headers: ALL });
  t.true(rawPayload.equals(bytes));
  const [entry] = entries.filter(({ level }) => level === 'error');
  t.like(entry, {
    message: 'content not described',
    facts: { err: { code: 'STATE_FOLDER_UNUSABLE' } },
  });
});

test('an app whose secret others can read does not start', async (t) => {
  const first = await start(t, { prefix: '/' });
  await first.app.close();
  const { folder, stateFolder } = first;
  await chmod(join(stateFolder, 'server-secret'), 0o644);
  const app = Fastify();
  t.teardown(() => app.close());
  const options = { folder, stateFolder };
  await t.throwsAsync(
    async () => {
      await app.register(contentInformation, options);
    },
    { code: 'SERVER_SECRET_UNSAFE' },
  );
});

async function start(t: ExecutionContext, options: Partial<ContentInformationOptions> = {}) {
  const outside = await temporaryFolder(t);
  const folder = join(outside, 'folder');
  const stateFolder = join(outside, 'state');
  await mkdir(folder);
  const app: FastifyInstance = Fastify();
  t.teardown(() => app.close());
  // However busy the machine is, no test sees the wait end.
  const hashingWaitMs = 10 * MINUTE_MS;
  await app.register(contentInformation, { folder, stateFolder, hashingWaitMs, ...options });
  return { app, folder, stateFolder };
}
