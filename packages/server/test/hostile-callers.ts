import { once } from 'node:events';
import { BLOCKS_PATH, HELLO_PATH, MOST_REQUEST_BYTES, STATE_PATH } from '@peer-cache/protocol';
import test from 'ava';
import { makeSegment } from './helpers/content.ts';
import type { RawPeer } from './helpers/raw-peer.ts';
import { hold, serve } from './helpers/serve.ts';

const BLOCK = 65_536;
const large = makeSegment('large', 64 * BLOCK);
const runs = [{ firstBlock: 0, count: 63 }];
const MIB = 1024 * 1024;

test.serial('who connects and says nothing is closed', async (t) => {
  const { connect } = await serve(t, { headMs: 100 });
  const peer = await connect();
  await peer.closed();
  t.is(peer.receivedBytes, 0);
});

test.serial('a head that comes drop by drop is cut off', async (t) => {
  const { connect } = await serve(t, { headMs: 150 });
  const peer = await connect();
  const startMs = performance.now();
  const dripping = setInterval(() => peer.socket.write('x'), 10);
  peer.socket.write('POST / HTTP/1.1\r\nx: ');
  await peer.closed();
  clearInterval(dripping);
  t.is(peer.receivedBytes, 0);
  t.true(performance.now() - startMs < 2000);
});

test.serial('a body that never ends is cut off, a long wait is not', async (t) => {
  const { connect, peer } = await serve(t, { headMs: 500, requestMs: 600 });
  const patient = await peer();
  const waiting = patient.state(1500, [{ keys: large.keys }]);
  const endless = await connect();
  endless.send({ path: HELLO_PATH, headers: { 'content-length': '500' } });
  await endless.closed();
  t.is(endless.receivedBytes, 0);
  t.deepEqual((await waiting).segments, []);
});

test.serial('a head of more than 16 KiB is cut off', async (t) => {
  const { connect } = await serve(t);
  const peer = await connect();
  peer.send({ headers: { x: 'x'.repeat(17_000) } });
  await peer.closed();
  t.is(peer.receivedBytes, 0);
});

test.serial('a body that is too long is refused before it is there', async (t) => {
  const { connect, peer } = await serve(t);
  const caller = await peer();
  const headers = { 'content-length': String(MOST_REQUEST_BYTES + 1) };
  t.is((await caller.request({ path: STATE_PATH, headers })).status, 413);
  await caller.closed();
  const stranger = await connect();
  t.is((await stranger.request({ path: HELLO_PATH, body: Buffer.alloc(1025) })).status, 413);
  await stranger.closed();
});

test.serial('garbage behind a good request ends the connection, and nothing else', async (t) => {
  const { peer } = await serve(t);
  const [garbler, honest] = await Promise.all([peer(), peer()]);
  garbler.send({ path: STATE_PATH });
  garbler.socket.write('\0\0\0GARBAGE\r\n\r\n');
  await garbler.closed();
  t.deepEqual((await honest.state(0, [])).segments, []);
});

test.serial(
  'requests sent far ahead are answered busy, and the connection stays in step',
  async (t) => {
    const { peer, server } = await serve(t, { requestsPerConnection: 4 });
    const caller = await peer();
    const request = caller.stateRequest(200, [{ keys: large.keys }]);
    for (let count = 0; count < 100; count++) caller.send(request);
    const statuses: number[] = [];
    for (let count = 0; count < 100; count++) statuses.push((await caller.answer()).status);
    t.deepEqual(statuses.slice(0, 4), [200, 200, 200, 200]);
    t.true(statuses.includes(503));
    t.true(server.counters().busyAnswers > 0);
    t.deepEqual((await caller.state(0, [])).segments, []);
  },
);

test.serial('messages made to be expensive are malformed, quickly', async (t) => {
  const { peer } = await serve(t);
  const bombs = [
    Buffer.alloc(MOST_REQUEST_BYTES, 0x81),
    Buffer.alloc(MOST_REQUEST_BYTES, 0xa1),
    Buffer.alloc(MOST_REQUEST_BYTES, 0xc1),
    Buffer.from('9bffffffffffffffff', 'hex'),
    Buffer.from('9b000000007fffffff00', 'hex'),
    Buffer.from('5b000000ffffffffff00', 'hex'),
    Buffer.from('bb0000000fffffffff00', 'hex'),
    Buffer.from('9fff', 'hex'),
    mapOfManyKeys(),
  ];
  for (const body of bombs) {
    for (const path of [STATE_PATH, BLOCKS_PATH]) {
      const caller = await peer();
      const startMs = performance.now();
      t.is((await caller.request({ path, body })).status, 400);
      t.true(performance.now() - startMs < 2000);
    }
  }
});

test.serial(
  'a host has no more connections than it may, and one that leaves makes room',
  async (t) => {
    const { peer, connect, server } = await serve(t, { connectionsPerHost: 3 });
    const refused = once(server.events, 'connection-refused');
    const [first] = await Promise.all([peer(), peer(), peer()]);
    const fourth = await connect();
    await fourth.closed();
    t.deepEqual(await refused, [{ remoteHost: '127.0.0.1' }]);
    t.deepEqual(await (await peer('127.0.0.2')).state(0, []), { segments: [] });
    first?.socket.end();
    while (server.counters().connections > 3) await new Promise(setImmediate);
    t.deepEqual(await (await peer()).state(0, []), { segments: [] });
  },
);

test.serial(
  'strangers on all addresses leave room for a host that has proved something',
  async (t) => {
    const limits = { connections: 5, reservedConnections: 2, connectionsPerHost: 2 };
    const { peer, connect, store, server } = await serve(t, limits);
    await hold(store, large, [0]);
    const known = await peer('127.0.0.9');
    t.is((await known.state(0, [{ keys: large.keys }])).segments.length, 1);
    known.socket.end();
    while (server.counters().connections > 0) await new Promise(setImmediate);
    for (const last of [2, 3, 4]) await peer(`127.0.0.${last}`);
    await (await connect('127.0.0.5')).closed();
    t.is((await (await peer('127.0.0.9')).state(0, [{ keys: large.keys }])).segments.length, 1);
  },
);

test.serial('a reader that takes nothing is cut, and its memory comes back', async (t) => {
  const { peer, store, server } = await serve(t, { slowReaderMs: 300 });
  await hold(store, large);
  const caller = await peer();
  const cut = once(server.events, 'reader-cut');
  caller.socket.pause();
  for (let count = 0; count < 3; count++)
    caller.send(caller.blocksRequest([{ keys: large.keys, runs }]));
  t.deepEqual(await cut, [{ remoteHost: '127.0.0.1' }]);
  while (server.counters().connections > 0) await new Promise(setImmediate);
  t.like(server.counters(), { bytesInFlight: 0, cutReaders: 1 });
});

test.serial('a reader that takes a little at a time is cut too', async (t) => {
  const { peer, store, server } = await serve(t, { slowReaderMs: 500 });
  await hold(store, large);
  const caller = await peer();
  const cut = once(server.events, 'reader-cut');
  caller.socket.pause();
  for (let count = 0; count < 3; count++)
    caller.send(caller.blocksRequest([{ keys: large.keys, runs }]));
  const sipping = setInterval(() => caller.socket.read(100), 10);
  await cut;
  clearInterval(sipping);
  t.is(server.counters().cutReaders, 1);
});

test.serial('a slow reader that keeps reading is not cut', async (t) => {
  const { peer, store, server } = await serve(t, { slowReaderMs: 2000 });
  await hold(store, large);
  const caller = await peer();
  const request = caller.blocksRequest([{ keys: large.keys, runs }]);
  const startMs = performance.now();
  readSlowly(caller);
  for (let count = 0; count < 2; count++) caller.send(request);
  for (let count = 0; count < 2; count++) {
    t.is((await caller.answer()).body.length, 12 + 63 * (BLOCK + 16));
  }
  t.log(`${(performance.now() - startMs).toFixed(0)} ms`);
  t.true(performance.now() - startMs > 2000);
  t.is(server.counters().cutReaders, 0);
});

test.serial('a caller that vanishes before or during its answer costs nothing', async (t) => {
  const { peer, store, server } = await serve(t);
  const stored = await hold(store, large);
  const { promise, resolve } = Promise.withResolvers<void>();
  store.onRead = async (_run, read) => promise.then(read);
  const callers = await Promise.all([peer(), peer(), peer()]);
  for (const caller of callers) {
    caller.send(caller.blocksRequest([{ keys: large.keys, runs }]));
    caller.send(caller.stateRequest(10_000, [{ keys: large.keys, knownVersion: stored.version }]));
  }
  while (server.counters().bytesInFlight < 12 * MIB) await new Promise(setImmediate);
  for (const { socket } of callers) socket.resetAndDestroy();
  while (server.counters().connections > 0) await new Promise(setImmediate);
  resolve();
  while (server.counters().bytesInFlight > 0) await new Promise(setImmediate);
  t.is(store.openHandles, 0);
});

function mapOfManyKeys(): Buffer {
  const keys = Array.from({ length: 40_000 }, (_, index) => {
    return Buffer.concat([
      Buffer.from([0x64]),
      Buffer.from(index.toString(36).padStart(4, '0')),
      Buffer.from([0]),
    ]);
  });
  return Buffer.concat([Buffer.from([0xb9, 40_000 >> 8, 40_000 & 255]), ...keys]);
}

/** Reads some 3 MiB a second. */
function readSlowly({ socket }: RawPeer): void {
  socket.on('data', ({ length }) => {
    socket.pause();
    setTimeout(() => socket.resume(), (length / (3 * MIB)) * 1000);
  });
}
