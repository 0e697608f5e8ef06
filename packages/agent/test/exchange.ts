import { once } from 'node:events';
import { connect } from 'node:net';
import { MIB, silentLog } from '@peer-cache/core';
import { createMemoryBlockStore } from '@peer-cache/store';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { openExchange } from '../src/exchange.ts';
import type { Exchange } from '../src/exchange.ts';
import { openServing } from '../src/serving/open-serving.ts';

const SHARING = { isEnabled: true, interfaces: [], networks: [], loopback: true, port: 0 };

async function exchange(t: ExecutionContext): Promise<Exchange> {
  const stack = new AsyncDisposableStack();
  t.teardown(() => stack.disposeAsync());
  const store = stack.use(createMemoryBlockStore({}, { limitBytes: 64 * MIB }));
  const options = { sharing: SHARING, peers: [], origins: { sidecars: [] } };
  return stack.use(await openExchange({ log: silentLog, store }, options));
}

/** `connected`, or the code of the error. */
async function call(address: string): Promise<unknown> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return 'connected';
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  } finally {
    socket.destroy();
  }
}

test('who stops serving is called in vain, at once, and is at its old place later', async (t) => {
  const running = await exchange(t);
  const [address = ''] = running.servedAt();
  t.is(await call(address), 'connected');
  running.setServing(false);
  await until(async () => (await call(address)) === 'ECONNREFUSED');
  t.deepEqual(running.servedAt(), []);
  running.setServing(false);
  running.setServing(true);
  await until(async () => (await call(address)) === 'connected');
  t.deepEqual(running.servedAt(), [address]);
});

test('an agent that starts on battery serves nobody until it is plugged in or told to', async (t) => {
  const running = await exchange(t);
  const [address] = running.servedAt();
  const config = { serving: { onBattery: false }, sharing: SHARING };
  const serving = await openServing(
    { log: silentLog, exchange: running, readPower: drained },
    config,
  );
  t.teardown(() => serving[Symbol.asyncDispose]());
  t.deepEqual(serving.power(), { isOnBattery: true, isServingAllowed: false });
  await until(async () => running.servedAt().length === 0);
  serving.reconfigure({ serving: { onBattery: true } });
  t.deepEqual(serving.power(), { isOnBattery: true, isServingAllowed: true });
  await until(async () => running.servedAt().length === 1);
  t.deepEqual(running.servedAt(), [address]);
});

async function drained(): Promise<boolean> {
  return true;
}

/** Sockets are opened and closed in their own time. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 5));
}
