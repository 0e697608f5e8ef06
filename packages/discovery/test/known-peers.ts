import test from 'ava';
import type { PeerAddress } from '../src/index.ts';
import { KnownPeers } from '../src/known-peers.ts';
import type { Heard } from '../src/known-peers.ts';

test('a peer is known until its records expire or it says goodbye', (t) => {
  let nowMs = 0;
  const peers = new KnownPeers(() => nowMs);
  peers.hear('a', heard({ host: '10.0.0.1', port: 7001 }, 120_000));
  peers.hear('b', heard({ host: '10.0.0.2', port: 7001 }, 120_000));
  nowMs = 70_000;
  peers.hear('b', heard({ host: '10.0.0.2', port: 7001 }, 120_000));
  t.deepEqual(
    peers.freshNames('eth0'),
    ['b'],
    'a is past half of its life and is asked about again',
  );
  t.deepEqual(peers.freshNames('eth1'), [], 'another network is not told of it');
  t.deepEqual(peers.list()[0], {
    name: 'a',
    address: { host: '10.0.0.1', port: 7001 },
    heardMsAgo: 70_000,
  });
  nowMs = 120_000;
  t.deepEqual(
    peers.list().map(({ name }) => name),
    ['b'],
  );
  peers.forget('b');
  t.is(peers.size, 0);
});

test('no more than 256 peers are known, nor 16 of one host, whatever is announced', (t) => {
  const peers = new KnownPeers(() => 0);
  for (let peer = 0; peer < 100; peer++) {
    peers.hear(`liar ${peer}`, heard({ host: '10.0.0.66', port: 7001 }, 1000));
  }
  t.is(peers.size, 16);
  for (let peer = 0; peer < 500; peer++) {
    peers.hear(
      `peer ${peer}`,
      heard({ host: `10.0.${peer >> 8}.${peer & 255}`, port: 7001 }, 1000),
    );
  }
  t.is(peers.size, 256);
  peers.hear('peer 0', heard({ host: '10.0.0.0', port: 7002 }, 1000));
  t.is(peers.size, 256, 'who is known may say more');
});

test('the IPv4 address of a peer is kept when it is heard over IPv6 too', (t) => {
  const peers = new KnownPeers(() => 0);
  peers.hear('a', heard({ host: 'fe80::1%eth0', port: 7001 }, 1000));
  peers.hear('a', heard({ host: '10.0.0.1', port: 7001 }, 1000));
  peers.hear('a', heard({ host: 'fe80::1%eth0', port: 7001 }, 1000));
  t.is(peers.list()[0]?.address.host, '10.0.0.1');
});

function heard(address: PeerAddress, ttlMs: number): Heard {
  return { address, interfaceName: 'eth0', ttlMs };
}
