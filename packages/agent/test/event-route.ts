import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { mock } from 'node:test';
import { KIB, MIB, silentLog } from '@peer-cache/core';
import type { JobEvent } from '@peer-cache/protocol';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { startControlServer } from '../src/control-server.ts';
import { serverSentEvents } from '../src/control/event-route.ts';
import { LogRing } from '../src/log/log-ring.ts';
import { collect } from './helpers/collect.ts';
import { controlCall } from './helpers/control-call.ts';
import { emptyAgent, serveControl } from './helpers/controlled-agent.ts';
import { JobMap } from './helpers/job-map.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

async function follow(
  t: ExecutionContext,
  socketPath: string,
  query = '',
): Promise<IncomingMessage> {
  const path = `/v1/events${query}`;
  const outgoing = request({ socketPath, path, agent: false });
  outgoing.end();
  t.teardown(() => outgoing.destroy());
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  outgoing.once('response', resolve);
  outgoing.once('error', reject);
  return await promise;
}

/** The texts between empty lines, as they come. */
async function* blocksOf(answer: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const part of answer.setEncoding('utf8')) {
    const blocks = (rest + String(part)).split('\n\n');
    rest = blocks.pop() ?? '';
    yield* blocks;
  }
}

async function nextOf(blocks: AsyncGenerator<string>): Promise<string> {
  return String((await blocks.next()).value);
}

test('events come by name, number and data, from the head of the answer on', async (t) => {
  const jobs = new JobMap();
  const answer = await follow(t, await serveControl(t, { jobs }));
  t.is(answer.headers['content-type'], 'text/event-stream');
  const job = await jobs.create({ name: 'a\n\nb' });
  const blocks = blocksOf(answer);
  t.regex(await nextOf(blocks), /^retry: \d+$/);
  const [id, name, data = ''] = (await nextOf(blocks)).split('\n');
  t.is(id, 'id: 1');
  t.is(name, 'event: job-created');
  t.like(JSON.parse(data.slice('data: '.length)), { event: 'job-created', job: { id: job.id } });
  await jobs.cancel(job.id);
  t.regex(await nextOf(blocks), /^id: 2\nevent: job-moved\n/);
});

test('events of one job are told of that job alone', async (t) => {
  const jobs = new JobMap();
  const { id } = await jobs.create({ name: 'mine' });
  await jobs.create({ name: 'other' });
  const blocks = blocksOf(await follow(t, await serveControl(t, { jobs }), '?job=mine'));
  await nextOf(blocks);
  await jobs.suspend('other');
  await jobs.suspend('mine');
  t.true((await nextOf(blocks)).includes(id));
});

test('following a job that is not there is refused', async (t) => {
  const socketPath = await serveControl(t);
  const { status, text } = await controlCall(socketPath, '/v1/events?job=none');
  t.is(status, 404);
  t.like(JSON.parse(text), { code: 'JOB_NOT_FOUND' });
});

test('who hangs up is listened for no more', async (t) => {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const jobs = new JobMap();
  const events = jobs.events.bind(jobs);
  jobs.events = (options) => {
    options.signal.addEventListener('abort', () => resolve());
    return events(options);
  };
  const answer = await follow(t, await serveControl(t, { jobs }));
  t.is(jobs.listeners, 1);
  answer.destroy();
  await ended;
  t.is(jobs.listeners, 0);
});

test('a reader that does not keep up is cut off, and others are not', async (t) => {
  const jobs = new JobMap();
  const { id } = await jobs.create({ name: 'a', description: 'a' });
  const socketPath = await serveControl(t, { jobs });
  const idle = await follow(t, socketPath);
  const eager = await follow(t, socketPath);
  const { promise: cut, resolve } = Promise.withResolvers<void>();
  idle.once('close', () => resolve());
  idle.once('error', () => {});
  const path = 'p'.repeat(64 * KIB);
  const file = { index: 0, url: 'u', path, state: 'waiting', doneBytes: 0 } as const;
  const event: JobEvent = { event: 'file-moved', jobId: id, file };
  const blocks = blocksOf(eager);
  await nextOf(blocks);
  for (let received = 0; received < 64; received++) {
    jobs.happen(event);
    await nextOf(blocks);
  }
  idle.resume();
  await cut;
  t.false(idle.complete);
  t.is(jobs.listeners, 1);
});

test('what is left unread is bounded', async (t) => {
  const jobs = new JobMap();
  const gone = new AbortController();
  const answer = serverSentEvents(jobs.events({ signal: gone.signal }));
  const closed = once(answer, 'close');
  const description = 'a'.repeat(1024);
  for (let made = 0; made < 4096 && !answer.destroyed; made++) {
    await jobs.create({ name: 'a'.repeat(256), description });
  }
  await closed;
  t.true(answer.readableLength < 1.1 * MIB);
  gone.abort();
});

test.serial('a quiet stream has a heartbeat, which ends with it', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.teardown(() => mock.timers.reset());
  const gone = new AbortController();
  const answer = serverSentEvents(new JobMap().events({ signal: gone.signal }));
  answer.setEncoding('utf8').read();
  mock.timers.tick(14_999);
  t.is(answer.read(), null);
  mock.timers.tick(1);
  t.is(answer.read(), ':\n\n');
  const ended = once(answer.resume(), 'close');
  gone.abort();
  await ended;
  mock.timers.tick(60_000);
  t.true(answer.destroyed);
});

test('an agent that stops ends the streams', async (t) => {
  const jobs = new JobMap();
  const socketPath = join(await temporaryFolder(t), 'run', 'control.sock');
  const parts = { agent: emptyAgent({ jobs }), log: silentLog, records: new LogRing() };
  const server = await startControlServer(parts, { socketPath });
  const ended = t.throwsAsync(collect(await follow(t, socketPath)));
  await server[Symbol.asyncDispose]();
  await ended;
  t.is(jobs.listeners, 0);
});
