import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { MIB, MINUTE_MS, SECOND_MS } from '@peer-cache/core';
import test from 'ava';
import { randomFrom } from '../packages/bandwidth/test/helpers/seeded-random.ts';
import { SESSIONS_FOLDER } from '../packages/origin/src/uploads/upload-name.ts';
import { startOrigin } from '../packages/transport/test/helpers/servers.ts';
import { freePort } from './bench/nginx.ts';
import { AgentHome } from './helpers/agent-process.ts';
import type { AgentProcess } from './helpers/agent-process.ts';
import { OriginProcess } from './helpers/origin-process.ts';
import { contentOf, temporaryFolder } from './helpers/parts.ts';

/** Rounds are what a life of one agent and one origin has; each has some kills. */
const LONG_ROUNDS = 100;
const SHORT_ROUNDS = 2;
const FILES = 3;
const SIZE = 5 * MIB + 17;
/** Slow enough for kills to come in the middle. */
const BYTES_PER_SECOND = 8 * MIB;
const { LONG_TESTS, TORTURE_ROUNDS, TORTURE_SEED } = process.env;
const isLong = LONG_TESTS === '1' || TORTURE_ROUNDS !== undefined;
const rounds = Number(TORTURE_ROUNDS ?? (isLong ? LONG_ROUNDS : SHORT_ROUNDS));

test('files arrive once, whole, in their places, whoever is killed', async (t) => {
  t.timeout(rounds * MINUTE_MS);
  const firstSeed = Number(TORTURE_SEED ?? Date.now() % 2 ** 31);
  let kills = 0;
  for (let round = 0; round < rounds; round++) {
    const seed = firstSeed + round;
    t.log(`TORTURE_SEED=${seed}`);
    const { wrongs, kills: more } = await tortureRound(seed);
    kills += more;
    if (isLong) process.stderr.write(`round ${round + 1}, seed ${seed}: ${more} kills\n`);
    t.deepEqual(wrongs, [], `seed ${seed}`);
  }
  t.log(`${kills} kills`);
  t.true(kills >= rounds, 'somebody was killed');
});

async function tortureRound(seed: number): Promise<{ wrongs: string[]; kills: number }> {
  const random = randomFrom(seed);
  await using stack = new AsyncDisposableStack();
  const { path: root } = stack.use(await temporaryFolder());
  const [served, uploads, home] = ['served', 'uploads', 'origin'].map((name) => join(root, name));
  for (const each of [served, uploads, home]) await mkdir(each ?? '');
  const told = new Map<string, Set<string>>();
  const application = stack.use(await startApplication(told));
  const options = {
    served: served ?? '',
    uploads: uploads ?? '',
    home: home ?? '',
    port: await freePort(),
    notifyUrl: application.url,
  };
  const agentHome = await AgentHome.create(join(root, 'user'));
  let agent: AgentProcess = await agentHome.start();
  let origin = await OriginProcess.start(options);
  stack.defer(async () => {
    await agent[Symbol.asyncDispose]();
    await origin[Symbol.asyncDispose]();
  });
  const contents = Array.from({ length: FILES }, (_, at) => contentOf(SIZE, seed + at));
  const files = await Promise.all(
    contents.map(async (bytes, at) => {
      const path = join(root, `file${at}`);
      await writeFile(path, bytes);
      return { url: `http://127.0.0.1:${options.port}/uploads/`, path };
    }),
  );
  const job = await agentHome.client.create({
    name: 'sent',
    kind: 'upload',
    files,
    limit: BYTES_PER_SECOND,
    minimumRetryDelaySeconds: 5,
    resume: true,
  });
  const kills = 2 + Math.floor(random() * 3);
  for (let kill = 0; kill < kills; kill++) {
    await sleep(random() * SECOND_MS);
    if (random() < 0.5) {
      await agent[Symbol.asyncDispose]();
      agent = await agentHome.start();
    } else {
      await origin[Symbol.asyncDispose]();
      origin = await OriginProcess.start(options);
    }
    // What failed meanwhile would wait for its retry delay.
    const { state } = await agentHome.client.details(job.id);
    if (state === 'transient-error') await agentHome.client.do('resume', job.id);
  }
  await untilDone(agentHome, job.id);
  const wrongs = [
    ...(await wrongsOf(options.uploads, contents)),
    ...(await leftBehind(options.uploads, kills)),
  ];
  for (const [name, keys] of told) if (keys.size > 1) wrongs.push(`${name}: ${keys.size} keys`);
  const latestMs = performance.now() + 20 * SECOND_MS;
  while (told.size < FILES && performance.now() < latestMs) await sleep(50);
  if (told.size < FILES) wrongs.push(`told of ${told.size}`);
  return { wrongs, kills };
}

async function untilDone({ client }: AgentHome, id: string): Promise<void> {
  const latestMs = performance.now() + 50 * SECOND_MS;
  for (;;) {
    const { state, error } = await client.details(id);
    if (state === 'transferred') return;
    if (state === 'error' || performance.now() > latestMs) {
      throw new Error(`${state}: ${JSON.stringify(error)}`);
    }
    if (state === 'transient-error') await client.do('resume', id);
    await sleep(100);
  }
}

/** What is not as it should be at the origin. */
async function wrongsOf(uploads: string, contents: readonly Buffer[]): Promise<string[]> {
  const names = (await readdir(uploads)).filter((name) => !name.startsWith('.'));
  const wrongs = names.length === FILES ? [] : [`there are ${names.join(', ')}`];
  for (const [at, bytes] of contents.entries()) {
    const stored = await readFile(join(uploads, `file${at}`));
    if (!stored.equals(bytes)) wrongs.push(`file${at} has other bytes`);
  }
  return wrongs;
}

/**
 * What is left of uploads that did not become files. One that was created, and its agent killed
 * before it knew, can't be avoided, and expires; bytes of it would mean that some were sent twice.
 */
async function leftBehind(uploads: string, kills: number): Promise<string[]> {
  const folder = join(uploads, SESSIONS_FOLDER);
  const wrongs: string[] = [];
  let orphans = 0;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.endsWith('.json')) {
      const { state }: { readonly state: string } = JSON.parse(await readFile(path, 'utf8'));
      if (state !== 'placed') orphans++;
      continue;
    }
    const { size } = await stat(path);
    if (!name.endsWith('.data') || size > 0) wrongs.push(`${name} is left, ${size} bytes`);
  }
  if (orphans > kills) wrongs.push(`${orphans} orphans`);
  return wrongs;
}

/** Keeps by which keys it was told of each name. */
async function startApplication(
  told: Map<string, Set<string>>,
): Promise<AsyncDisposable & { readonly url: string }> {
  const hear = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { name }: { readonly name: string } = JSON.parse(await text(request));
    const keys = told.get(name) ?? new Set();
    told.set(name, keys.add(String(request.headers['idempotency-key'])));
    response.writeHead(204).end();
  };
  return await startOrigin((...call) => void hear(...call));
}
