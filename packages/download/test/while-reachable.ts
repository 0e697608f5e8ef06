import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { PeerGoneError } from '../src/errors.ts';
import { whileReachable } from '../src/peers/while-reachable.ts';

const lag = { patience: (ms: number) => ms };
const { signal } = new AbortController();

/** Takes connections and says nothing, as a process does that has too much to do. */
async function listening() {
  const taken: number[] = [];
  const server = createServer((socket) => {
    taken.push(1);
    socket.on('error', () => undefined).resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port }: AddressInfo = Object(server.address());
  return { address: { host: '127.0.0.1', port }, server, taken };
}

/** Ends with the signal, and else never. */
async function never(ended: AbortSignal): Promise<never> {
  const alive = setInterval(() => undefined, 1000);
  try {
    await once(ended, 'abort');
  } finally {
    clearInterval(alive);
  }
  ended.throwIfAborted();
  throw new TypeError('not aborted');
}

test('a late answer is waited for while connections are taken, and no longer', async (t) => {
  const { address, server } = await listening();
  const waiting = whileReachable(address, { lateMs: 10, lag, signal }, never);
  await once(server, 'connection');
  server.close();
  await t.throwsAsync(waiting, { instanceOf: PeerGoneError });
});

test('an answer in time asks for no connection', async (t) => {
  const { address, server, taken } = await listening();
  t.teardown(() => server.close());
  t.is(await whileReachable(address, { lateMs: 10_000, lag, signal }, async () => 7), 7);
  t.is(taken.length, 0);
});

test('a late answer counts, too', async (t) => {
  const { address, server } = await listening();
  t.teardown(() => server.close());
  const answer = whileReachable(address, { lateMs: 1, lag, signal }, async () => {
    await once(server, 'connection');
    return 7;
  });
  t.is(await answer, 7);
});

test('who waits may end it', async (t) => {
  const { address, server } = await listening();
  t.teardown(() => server.close());
  const controller = new AbortController();
  const options = { lateMs: 10_000, lag, signal: controller.signal };
  const waiting = whileReachable(address, options, never);
  controller.abort(new TypeError('enough'));
  await t.throwsAsync(waiting, { instanceOf: TypeError });
});
