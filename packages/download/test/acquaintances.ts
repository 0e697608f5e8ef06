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

test('what is remembered is bounded: a newcomer takes the place of one that is not kept', (t) => {
  const peers = pool(t);
  const known = new Acquaintances(self);
  const all = Array.from({ length: 129 }, (_, number) =>
    peers.peer({ host: '192.0.2.1', port: 2000 + number }),
  );
  const [first, second, ...rest] = all;
  const last = rest.pop();
  if (first === undefined || second === undefined || last === undefined) throw new RangeError();
  for (const peer of [first, second, ...rest]) t.true(known.add(peer));
  t.false(known.add(first));
  t.false(known.add(last, undefined, () => true));
  t.true(known.add(last, undefined, (peer) => peer === first));
  t.false(known.add(first));
  t.true(known.add(second, undefined, (peer) => peer === first));
});

function idOf(number: number): string {
  return number.toString(16).padStart(32, '0');
}

test('many names at one address do not take the places of others', (t) => {
  const peers = pool(t);
  const known = new Acquaintances(self);
  for (let number = 0; number < 60; number++) {
    known.add(peers.peer({ host: '192.0.2.66', port: 2000 + number }), idOf(number));
  }
  const honest = Array.from({ length: 12 }, (_, number) =>
    peers.peer({ host: `192.0.2.${number + 1}`, port: 7690 }),
  );
  for (const [number, peer] of honest.entries()) known.add(peer, idOf(1000 + number));
  const chosen = known.chosen();
  for (const peer of honest) t.true(chosen.has(peer));
});

test('many ports at one address do not keep others from being asked who they are', (t) => {
  const peers = pool(t);
  const known = new Acquaintances(self);
  for (let number = 0; number < 100; number++) {
    known.add(peers.peer({ host: '192.0.2.1', port: 2000 + number }));
  }
  const other = peers.peer({ host: '192.0.2.2', port: 2000 });
  known.add(other);
  t.true(known.chosen().has(other));
});
