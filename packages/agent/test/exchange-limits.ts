import { BLOCK_BYTES, MIB, silentLog } from '@peer-cache/core';
import { Progress } from '@peer-cache/download';
import { createMemoryBlockStore } from '@peer-cache/store';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { KeepingSink } from '../../download/test/helpers/keeping-sink.ts';
import { contentOf } from '../../download/test/helpers/parts.ts';
import { startOrigin } from '../../download/test/helpers/test-origin.ts';
import { readConfig } from '../src/config/config.ts';
import type { Config } from '../src/config/config.ts';
import { openExchange } from '../src/exchange.ts';
import type { Exchange } from '../src/exchange.ts';

const SIZE = 2 * MIB + 5;

function configWith(...set: readonly string[]): Config {
  return readConfig({ env: { PEER_CACHE_CONFIG: '/dev/null' }, set });
}

/** An agent's exchange on loopback, with a store in memory. */
async function open(t: ExecutionContext, ...set: readonly string[]): Promise<Exchange> {
  const store = createMemoryBlockStore({}, { limitBytes: 64 * MIB });
  const trial = ['sharing.loopback=true', 'sharing.interfaces=lo', 'sharing.port=0'];
  const exchange = await openExchange({ log: silentLog, store }, configWith(...trial, ...set));
  t.teardown(() => exchange[Symbol.asyncDispose]());
  return exchange;
}

async function fetchWith({ downloader }: Exchange, url: string): Promise<Progress> {
  const progress = new Progress();
  await downloader.fetch(url, new KeepingSink(SIZE), { progress });
  return progress;
}

/** One that has the content, and the address that it serves at. */
async function holder(t: ExecutionContext, url: string, ...set: readonly string[]) {
  const exchange = await open(t, ...set);
  await fetchWith(exchange, url);
  const address = exchange.servedAt().find((each) => each.startsWith('127.')) ?? '';
  return { exchange, address };
}

test.serial(
  'what comes from peers keeps to limits.lan, and to another one as soon as it is there',
  async (t) => {
    await using origin = await startOrigin(contentOf(SIZE, 1), { isDescribed: true });
    const { address } = await holder(t, origin.url);
    const limited = await open(t, `peers=${address}`, 'limits.lan=256 KiB/s');
    const startedMs = performance.now();
    const progress = new Progress();
    const blocks: number[] = [];
    progress.on('bytes-received', ({ kind }) => {
      if (kind === 'peer') blocks.push(performance.now() - startedMs);
      // Eight blocks at 256 KiB/s take 2 s; the other 25 would take 6 more.
      if (blocks.length === 8) limited.reconfigure(configWith('limits.lan=none'));
    });
    await limited.downloader.fetch(origin.url, new KeepingSink(SIZE), { progress });
    t.is(progress.bytes.peers, SIZE);
    t.true((blocks[7] ?? 0) > 1500, `${blocks[7]}`);
    t.true((blocks.at(-1) ?? 0) < (blocks[7] ?? 0) + 2000, `${blocks.at(-1)}`);
  },
);

test.serial('what goes to peers keeps to limits.serving', async (t) => {
  await using origin = await startOrigin(contentOf(SIZE, 2), { isDescribed: true });
  const { address } = await holder(t, origin.url, 'limits.serving=1 MiB/s');
  const taker = await open(t, `peers=${address}`);
  const startedMs = performance.now();
  const { bytes } = await fetchWith(taker, origin.url);
  const seconds = (performance.now() - startedMs) / 1000;
  t.true(bytes.peers <= 1.1 * MIB * (seconds + 0.25), `${bytes.peers} bytes in ${seconds} s`);
  t.true(bytes.peers > 8 * BLOCK_BYTES, `${bytes.peers}`);
});

test.serial('who may serve nothing is gone round', async (t) => {
  await using origin = await startOrigin(contentOf(SIZE, 3), { isDescribed: true });
  const { exchange, address } = await holder(t, origin.url, 'limits.serving=0');
  const taker = await open(t, `peers=${address}`);
  const { bytes } = await fetchWith(taker, origin.url);
  t.is(bytes.origin, SIZE);
  t.is(exchange.servedBytes(), 0);
});
