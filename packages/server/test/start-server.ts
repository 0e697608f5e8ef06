import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { silentLog } from '@peer-cache/core';
import { PeerIdentity } from '@peer-cache/protocol';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { startServer } from '../src/index.ts';
import type { ListenAddress, PeerServer } from '../src/index.ts';
import { makeSegment } from './helpers/content.ts';
import { NotedStore } from './helpers/noted-store.ts';
import { RawPeer } from './helpers/raw-peer.ts';
import { hold, serve } from './helpers/serve.ts';

const film = makeSegment('film', 65_536);
const large = makeSegment('large', 64 * 65_536);
/** Set aside for documentation (RFC 5737), so no interface has it. */
const NOWHERE = { host: '192.0.2.1', port: 0 };

function parts(): Parameters<typeof startServer>[0] {
  return { store: new NotedStore(), identity: PeerIdentity.create(), log: silentLog };
}

async function start(
  t: ExecutionContext,
  ...addresses: readonly ListenAddress[]
): Promise<PeerServer> {
  const server = await startServer(parts(), { addresses });
  t.teardown(async () => server[Symbol.asyncDispose]());
  return server;
}

test('listens on the addresses it is given and on no other', async (t) => {
  const { addresses } = await start(t, loopback(1), loopback(2));
  t.deepEqual(
    addresses.map(({ host }) => host),
    ['127.0.0.1', '127.0.0.2'],
  );
  for (const address of addresses) (await greeted(address))[Symbol.dispose]();
  const [{ port } = loopback(1)] = addresses;
  await t.throwsAsync(once(connect({ host: '127.0.0.3', port }), 'connect'), {
    code: 'ECONNREFUSED',
  });
});

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => {
  return addresses?.some(({ address }) => address === '::1');
});
const ipv6Test = hasIpv6 ? test : test.skip;

ipv6Test('serves on IPv6 addresses too', async (t) => {
  const { addresses } = await start(t, { host: '::1', port: 0 });
  using peer = await greeted(addresses[0]);
  t.regex(peer.host, /^\[::1\]:\d+$/);
});

test('addresses come and go while connections to the others stay', async (t) => {
  const server = await start(t, loopback(1), loopback(2));
  using stays = await greeted(server.addresses[0]);
  using goes = await greeted(server.addresses[1]);
  t.deepEqual(await server.setAddresses([loopback(1), loopback(3)]), []);
  t.deepEqual(
    server.addresses.map(({ host }) => host),
    ['127.0.0.1', '127.0.0.3'],
  );
  await goes.closed();
  t.deepEqual((await stays.state(0, [])).segments, []);
  using _comes = await greeted(server.addresses[1]);
  t.deepEqual(await server.setAddresses([]), []);
  await stays.closed();
  t.deepEqual(server.addresses, []);
  await server.setAddresses([loopback(1)]);
  using _again = await greeted(server.addresses[0]);
});

test('an address that is not there does not keep the others from working', async (t) => {
  const server = await start(t, loopback(1));
  const [failure, ...others] = await server.setAddresses([NOWHERE, loopback(1), loopback(2)]);
  t.like(failure, { code: 'LISTEN_FAILED' });
  t.deepEqual(others, []);
  t.is(server.addresses.length, 2);
});

test('starting fails by name when an address can not be listened on, and leaves nothing', async (t) => {
  const { addresses } = await start(t, loopback(1));
  const taken = [loopback(2), addresses[0] ?? NOWHERE];
  await t.throwsAsync(startServer(parts(), { addresses: taken }), { code: 'LISTEN_FAILED' });
  await t.throwsAsync(startServer(parts(), { addresses: [NOWHERE] }), { code: 'LISTEN_FAILED' });
});

test('a name is no address to listen on', async (t) => {
  const addresses = [{ host: 'localhost', port: 0 }];
  await t.throwsAsync(startServer(parts(), { addresses }), { instanceOf: RangeError });
});

test('ending answers who waits, lets an answer on its way arrive, and closes the rest', async (t) => {
  const { server, store, peer, address } = await serve(t);
  await hold(store, film);
  const { promise, resolve } = Promise.withResolvers<void>();
  store.onRead = async (_run, read) => promise.then(read);
  const [idle, waits, gets] = await Promise.all([peer(), peer(), peer()]);
  const waiting = waits.state(10_000, [{ keys: large.keys }]);
  const getting = gets.blocks([{ keys: film.keys, runs: [{ firstBlock: 0, count: 1 }] }]);
  while (!store.calls.includes('readSealed')) await new Promise(setImmediate);
  const ended = server[Symbol.asyncDispose]();
  await idle.closed();
  t.deepEqual((await waiting).segments, []);
  resolve();
  t.is((await getting).length, 1);
  const startMs = performance.now();
  await Promise.all([waits.closed(), gets.closed(), ended]);
  t.true(performance.now() - startMs < 900, 'each closes when it is answered');
  await t.throwsAsync(once(connect(address), 'connect'), { code: 'ECONNREFUSED' });
  t.deepEqual(await server.setAddresses([address]), []);
  t.deepEqual(server.addresses, []);
});

test('ending does not wait for a reader that takes nothing', async (t) => {
  const { server, store, peer } = await serve(t);
  await hold(store, large);
  const stuck = await peer();
  stuck.socket.pause();
  const asks = [{ keys: large.keys, runs: [{ firstBlock: 0, count: 63 }] }];
  for (let count = 0; count < 3; count++) stuck.send(stuck.blocksRequest(asks));
  while (server.counters().bytesInFlight === 0) await new Promise(setImmediate);
  const startMs = performance.now();
  await server[Symbol.asyncDispose]();
  t.true(performance.now() - startMs < 3000);
  t.is(server.counters().bytesInFlight, 0);
});

function loopback(last: number): ListenAddress {
  return { host: `127.0.0.${last}`, port: 0 };
}

async function greeted(address: ListenAddress | undefined): Promise<RawPeer> {
  const peer = await RawPeer.open(address ?? NOWHERE);
  await peer.hello();
  return peer;
}
