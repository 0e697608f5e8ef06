import test from 'ava';
import { Acquaintances } from '../src/peers/acquaintances.ts';
import { PeerPool } from '../src/peers/peer-pool.ts';

const self = { contentId: '00'.repeat(32), place: 0 };

function pool(t: { teardown: (end: () => Promise<void>) => void }): PeerPool {
  const made = new PeerPool({ servePort: () => 0 });
  t.teardown(() => made[Symbol.asyncDispose]());
  return made;
}

test('in a small branch everybody is kept up with', (t) => {
  const peers = pool(t);
  const known = new Acquaintances(self);
  for (let number = 0; number < 20; number++) {
    t.true(known.add(peers.peer({ host: '192.0.2.1', port: 2000 + number })));
  }
  t.is(known.chosen().size, 20);
});

test('in a large branch some are, the same each time, and a few that are to say who they are', (t) => {
  const peers = pool(t);
  const known = new Acquaintances(self);
  for (let number = 0; number < 60; number++) {
    const peerId = number.toString(16).padStart(32, '0');
    known.add(peers.peer({ host: '192.0.2.1', port: 2000 + number }), peerId);
  }
  const chosen = known.chosen();
  t.is(chosen.size, 24);
  for (let number = 0; number < 20; number++) {
    known.add(peers.peer({ host: '192.0.2.2', port: 2000 + number }));
  }
  const withNameless = known.chosen();
  t.is(withNameless.size, 32);
  for (const peer of chosen) t.true(withNameless.has(peer));
});

test('what is remembered is bounded, and makes room when somebody is gone', (t) => {
  const peers = pool(t);
  const known = new Acquaintances(self);
  for (let number = 0; number < 128; number++) {
    t.true(known.add(peers.peer({ host: '192.0.2.1', port: 2000 + number })));
  }
  const one = peers.peer({ host: '192.0.2.9', port: 2000 });
  t.false(known.add(one));
  known.remove(peers.peer({ host: '192.0.2.1', port: 2000 }));
  t.true(known.add(one));
  t.false(known.add(one));
});
