import { once } from 'node:events';
import {
  BLOCK_HASH_LIST_INDEX,
  openSealed,
  SEAL_BYTES,
  verifyBlockHashList,
} from '@peer-cache/core';
import { MOST_RESPONSE_BYTES } from '@peer-cache/protocol';
import test from 'ava';
import { makeSegment } from './helpers/content.ts';
import type { TestSegment } from './helpers/content.ts';
import type { Frame } from './helpers/raw-peer.ts';
import { hold, serve } from './helpers/serve.ts';

const BLOCK = 65_536;
const SEALED = BLOCK + SEAL_BYTES;
/** What an answer of sixteen blocks takes. */
const RUN_BUFFER_BYTES = 1088 * 1024;
const film = makeSegment('film', 5 * BLOCK + 1);
const song = makeSegment('song', 2 * BLOCK);
const large = makeSegment('large', 70 * BLOCK);

test('adjacent blocks come in one frame, and open to the content', async (t) => {
  const { peer, store } = await serve(t);
  await hold(store, film);
  const caller = await peer();
  const frames = await caller.blocks([{ keys: film.keys, runs: [{ firstBlock: 0, count: 6 }] }]);
  t.is(frames.length, 1);
  t.deepEqual(opened(film, frames[0]), film.bytes);
  t.is(store.openHandles, 0);
});

test('runs with gaps come as the parts that are here, several segments in one answer', async (t) => {
  const { peer, store } = await serve(t);
  await hold(store, film, [0, 1, 3, 5]);
  await hold(store, song, [1]);
  const caller = await peer();
  const whole = [{ firstBlock: 0, count: 512 }];
  const frames = await caller.blocks([
    { keys: large.keys, runs: whole },
    { keys: song.keys, runs: whole },
    { keys: film.keys, runs: whole },
  ]);
  t.deepEqual(
    frames.map(({ header }) => [header.index, header.firstBlock, header.sizeBytes]),
    [
      [1, 1, SEALED],
      [2, 0, 2 * SEALED],
      [2, 3, SEALED],
      [2, 5, 1 + SEAL_BYTES],
    ],
  );
  t.deepEqual(opened(film, frames[1]), film.bytes.subarray(0, 2 * BLOCK));
});

test('the block hash list comes sealed, before blocks', async (t) => {
  const { peer, store } = await serve(t);
  await hold(store, film, [2]);
  const caller = await peer();
  const frames = await caller.blocks([
    { keys: film.keys, runs: [{ firstBlock: 0, count: 6 }], wantsBlockHashList: true },
  ]);
  t.deepEqual(
    frames.map(({ header }) => header.firstBlock),
    [BLOCK_HASH_LIST_INDEX, 2],
  );
  const sealed = frames[0]?.bytes ?? Buffer.alloc(0);
  const list = openSealed(film.keys, BLOCK_HASH_LIST_INDEX, sealed);
  t.notThrows(() => verifyBlockHashList(list, { ...film.entry, sizeBytes: film.sizeBytes }));
});

test('an answer has at most 4 MiB, whole blocks of it', async (t) => {
  const { peer, store } = await serve(t);
  await hold(store, large);
  const caller = await peer();
  const request = caller.blocksRequest([
    { keys: large.keys, runs: [{ firstBlock: 3, count: 67 }], wantsBlockHashList: true },
  ]);
  const { body, headers } = await caller.request(request);
  t.true(body.length <= MOST_RESPONSE_BYTES && body.length > MOST_RESPONSE_BYTES - SEALED);
  t.is(headers.get('content-length'), String(body.length));
});

test('after damage the store is told to check', async (t) => {
  const { peer, store } = await serve(t);
  await hold(store, film);
  const caller = await peer();
  const runs = [{ firstBlock: 0, count: 1 }];
  await caller.blocks([{ keys: film.keys, runs, wasDamaged: true }]);
  await caller.blocks([{ keys: film.keys, runs }]);
  t.deepEqual(
    store.calls.filter((call) => call.startsWith('readSealed')),
    ['readSealed suspect', 'readSealed'],
  );
});

test('blocks that went between plan and reading are left out', async (t) => {
  const { peer, store } = await serve(t);
  await hold(store, film);
  store.onRead = async (run, read) => (run.firstBlock === 0 ? undefined : read());
  const caller = await peer();
  const frames = await caller.blocks([
    {
      keys: film.keys,
      runs: [
        { firstBlock: 0, count: 2 },
        { firstBlock: 4, count: 1 },
      ],
    },
  ]);
  t.deepEqual(
    frames.map(({ header }) => header.firstBlock),
    [4],
  );
});

test('a store that fails makes the server busy, and gives its memory back', async (t) => {
  const { peer, store, server } = await serve(t);
  await hold(store, film);
  store.onRead = async () => {
    throw new Error('disk on fire');
  };
  const caller = await peer();
  const runs = [{ firstBlock: 0, count: 1 }];
  const answer = await caller.request(caller.blocksRequest([{ keys: film.keys, runs }]));
  t.deepEqual([answer.status, answer.body.length], [503, 0]);
  t.is(server.counters().bytesInFlight, 0);
  t.is(store.openHandles, 0);
});

test('served bytes of contents are counted, in all and for each host', async (t) => {
  const { peer, store, server } = await serve(t);
  await hold(store, film);
  const caller = await peer();
  const served = once(server.events, 'blocks-served');
  await caller.blocks([
    { keys: film.keys, runs: [{ firstBlock: 4, count: 2 }], wantsBlockHashList: true },
  ]);
  t.deepEqual(await served, [{ remoteHost: '127.0.0.1', bytes: BLOCK + 1 }]);
  const { servedBytes, requests, hosts, connections } = server.counters();
  t.deepEqual(
    { servedBytes, requests, connections },
    { servedBytes: BLOCK + 1, requests: 2, connections: 1 },
  );
  t.deepEqual(hosts, [{ host: '127.0.0.1', connections: 1, requests: 2, servedBytes: BLOCK + 1 }]);
});

test('more bytes in flight than a host may have are refused at once with a hint', async (t) => {
  const { peer, store, server } = await serve(t, { bytesInFlightPerHost: 200_000 });
  await hold(store, film);
  const { promise, resolve } = Promise.withResolvers<void>();
  store.onRead = async (_run, read) => promise.then(read);
  const [one, other] = await Promise.all([peer(), peer()]);
  const ask = [{ keys: film.keys, runs: [{ firstBlock: 0, count: 1 }] }];
  const first = one.blocks(ask);
  while (server.counters().bytesInFlight === 0) await new Promise(setImmediate);
  const busy = await other.request(other.blocksRequest(ask));
  t.is(busy.status, 503);
  t.is(busy.headers.get('retry-after'), '1');
  t.regex(busy.headers.get('peer-cache-retry-ms') ?? '', /^\d+$/);
  resolve();
  t.is((await first).length, 1);
  t.is((await other.blocks(ask)).length, 1);
});

test('a server that is to give way has fewer runs under way, and still some', async (t) => {
  const { peer, store, server } = await serve(t);
  await hold(store, large);
  const callers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => peer(`127.0.0.${2 + (index % 3)}`)),
  );
  const ask = [{ keys: large.keys, runs: [{ firstBlock: 0, count: 16 }] }];
  /** How many of all who ask at once are answered, the others being told to come back. */
  const answered = async (): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    store.onRead = async (_run, read) => promise.then(read);
    const before = server.counters().busyAnswers;
    const answers = callers.map((caller) => caller.request(caller.blocksRequest(ask)));
    const underWay = (): number => server.counters().bytesInFlight / RUN_BUFFER_BYTES;
    const refused = (): number => server.counters().busyAnswers - before;
    while (underWay() + refused() < callers.length) await new Promise(setImmediate);
    const count = underWay();
    resolve();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    t.is(statuses.filter((status) => status === 200).length, count);
    t.is(statuses.filter((status) => status === 503).length, callers.length - count);
    while (underWay() > 0) await new Promise(setImmediate);
    return count;
  };
  t.is(await answered(), 12);
  server.allow(0);
  t.is(await answered(), 7);
  server.allow(1);
  t.is(await answered(), 12);
});

function opened({ keys, sizeBytes }: TestSegment, frame: Frame | undefined): Buffer {
  if (frame === undefined) return Buffer.alloc(0);
  const parts: Buffer[] = [];
  for (let at = 0, block = frame.header.firstBlock; at < frame.bytes.length; block++) {
    const plain = Math.min(BLOCK, sizeBytes - block * BLOCK);
    const sealed = frame.bytes.subarray(at, at + plain + SEAL_BYTES);
    parts.push(openSealed(keys, block, sealed));
    at += plain + SEAL_BYTES;
  }
  return Buffer.concat(parts);
}
