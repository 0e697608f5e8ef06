import { once } from 'node:events';
import { createServer } from 'node:net';
import { silentLog } from '@peer-cache/core';
import { PeerIdentity } from '@peer-cache/protocol';
import { startServer } from '@peer-cache/server';
import { createMemoryBlockStore } from '@peer-cache/store';
import test from 'ava';
import { listenAtOnePort, portsToTry } from '../src/serve-port.ts';

test('the preferred port is tried first, then those after it', (t) => {
  t.deepEqual(portsToTry(7690).slice(0, 3), [7690, 7691, 7692]);
  t.deepEqual(portsToTry(65_534), [65_534, 65_535]);
});

test('any port is one from the dynamic range', (t) => {
  t.true(portsToTry(0).every((port) => port >= 49_152 && port <= 65_535));
});

test('where the preferred port is taken on one address, all use the next one', async (t) => {
  const other = createServer();
  other.listen({ host: '127.0.0.2', port: 0 });
  await once(other, 'listening');
  t.teardown(() => other.close());
  const address = other.address();
  const taken = typeof address === 'object' && address !== null ? address.port : 0;
  await using store = createMemoryBlockStore({}, { limitBytes: 0 });
  const parts = { store, identity: PeerIdentity.create(), log: silentLog };
  await using server = await startServer(parts, { addresses: [] });
  const port = await listenAtOnePort(server, ['127.0.0.1', '127.0.0.2'], taken);
  t.true(port > taken);
  t.deepEqual(
    server.addresses.map((each) => each.port),
    [port, port],
  );
});
