import { once } from 'node:events';
import { encodeCbor } from '@peer-cache/core';
import {
  BLOCKS_PATH,
  checkHelloResponse,
  encodeHelloRequest,
  HELLO_PATH,
  peerIdOf,
  STATE_PATH,
} from '@peer-cache/protocol';
import test from 'ava';
import { serve } from './helpers/serve.ts';

test('hello proves the key of the server over both nonces and the address dialled', async (t) => {
  const { connect, identity } = await serve(t);
  const peer = await connect();
  const response = await peer.hello();
  t.notThrows(() => checkHelloResponse(response, peer.clientNonce, peer.host));
  t.is(peerIdOf(response.publicKey), identity.peerId);
  t.throws(() => checkHelloResponse(response, peer.clientNonce, '127.0.0.1:1'), {
    code: 'MALFORMED_MESSAGE',
  });
});

test('every connection gets nonces of its own', async (t) => {
  const { peer } = await serve(t);
  const [one, other] = await Promise.all([peer(), peer()]);
  t.notDeepEqual(one.nonces?.serverNonce, other.nonces?.serverNonce);
});

test('a caller that serves is told to observers with the address it called from', async (t) => {
  const { server, connect } = await serve(t);
  const called = once(server.events, 'peer-called');
  const peer = await connect();
  await peer.hello(7777);
  t.deepEqual(await called, [{ host: '127.0.0.1', port: 7777 }]);
});

test('a caller that does not serve is told to nobody', async (t) => {
  const { server, connect } = await serve(t);
  server.events.on('peer-called', () => t.fail());
  const peer = await connect();
  await peer.hello(0);
  t.pass();
});

test('nothing but hello is answered before hello', async (t) => {
  const { connect } = await serve(t);
  const peer = await connect();
  for (const path of [STATE_PATH, BLOCKS_PATH, '/']) {
    t.is((await peer.request({ path })).status, 428);
  }
  await peer.hello();
  t.is((await peer.state(0, [])).segments.length, 0);
});

test('a second hello on a connection is refused, and the first one stands', async (t) => {
  const { peer } = await serve(t);
  const caller = await peer();
  const body = encodeHelloRequest({ versions: [1], clientNonce: caller.clientNonce, port: 0 });
  t.is((await caller.request({ path: HELLO_PATH, body })).status, 428);
  t.is((await caller.state(0, [])).segments.length, 0);
});

test('a hello without a version in common, with a low port or of other shape is malformed', async (t) => {
  const { connect } = await serve(t);
  const clientNonce = Buffer.alloc(16);
  const bodies = [
    encodeHelloRequest({ versions: [2], clientNonce, port: 0 }),
    encodeHelloRequest({ versions: [1], clientNonce, port: 80 }),
    encodeHelloRequest({ versions: [1], clientNonce: Buffer.alloc(15), port: 0 }),
    encodeCbor([]),
    Buffer.alloc(0),
  ];
  for (const body of bodies) {
    const peer = await connect();
    const { status, body: said } = await peer.request({ path: HELLO_PATH, body });
    t.deepEqual([status, said.length], [400, 0]);
    await peer.closed();
  }
});
