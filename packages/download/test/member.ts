import test from 'ava';
import { PeerBusyError } from '../src/errors.ts';
import { Member } from '../src/peers/member.ts';
import { PeerPool } from '../src/peers/peer-pool.ts';

const ADDRESS = { host: '127.0.0.1', port: 7690 };

test('what a busy peer holds counts for a while, if it has brought something', async (t) => {
  let nowMs = 0;
  await using pool = new PeerPool({ servePort: () => 0, now: () => nowMs });
  const peer = pool.peer(ADDRESS);
  const [untried, tried] = [new Member(peer, nowMs), new Member(peer, nowMs)];
  tried.hasDelivered = true;
  t.true(untried.isHolder('x'));
  peer.conduct.failed(new PeerBusyError('a peer', 60_000), 'x');
  t.false(untried.isHolder('x'));
  t.true(tried.isHolder('x'));
  nowMs = 2000;
  t.false(tried.isHolder('x'));
});
