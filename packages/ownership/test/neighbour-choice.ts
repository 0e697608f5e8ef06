import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import { chooseNeighbours } from '../src/neighbour-choice.ts';
import type { RingPeer } from '../src/neighbour-choice.ts';
import { RING_SIZE } from '../src/ring.ts';

/** Evenly around the ring; the one who chooses stands at 0. */
function peersAround(count: number): RingPeer[] {
  return Array.from({ length: count }, (_, index) => {
    return {
      peerId: `peer ${index + 1}`,
      place: Math.floor(((index + 1) * RING_SIZE) / (count + 1)),
    };
  });
}

const anyPeers = fc.uniqueArray(fc.record({ peerId: fc.uuid(), place: fc.nat(RING_SIZE - 1) }), {
  minLength: 25,
  maxLength: 100,
  selector: ({ peerId }) => peerId,
  size: 'max',
});

test('where there are few, all are neighbours', (t) => {
  t.is(chooseNeighbours(0, peersAround(24)).size, 24);
});

test('where there are many, 24 are, among them the four nearest on each side', (t) => {
  const chosen = chooseNeighbours(0, peersAround(500));
  t.is(chosen.size, 24);
  for (const at of [1, 2, 3, 4, 497, 498, 499, 500]) t.true(chosen.has(`peer ${at}`));
});

test('the order in which peers are known does not matter', (t) => {
  const known = peersAround(100);
  t.deepEqual(
    [...chooseNeighbours(0, known.toReversed())].toSorted(),
    [...chooseNeighbours(0, known)].toSorted(),
  );
});

test('a newcomer takes at most the place of one', (t) => {
  const property = fc.property(anyPeers, fc.nat(RING_SIZE - 1), (known, selfPlace) => {
    const before = chooseNeighbours(selfPlace, known.slice(1));
    const after = chooseNeighbours(selfPlace, known);
    const gone = [...before].filter((peerId) => !after.has(peerId));
    return gone.length <= 1;
  });
  holds(t, property, { numRuns: 300 });
});

test('two that stand next to each other choose each other', (t) => {
  const property = fc.property(anyPeers, (all) => {
    const [one, other] = all.toSorted((a, b) => a.place - b.place);
    if (one === undefined || other === undefined) return false;
    const choose = (self: RingPeer): ReadonlySet<string> =>
      chooseNeighbours(
        self.place,
        all.filter((peer) => peer !== self),
      );
    return choose(one).has(other.peerId) && choose(other).has(one.peerId);
  });
  holds(t, property, { numRuns: 300 });
});

test('a machine with many names takes no place from others', (t) => {
  const names = peersAround(50).map(({ place }, index) => {
    return { peerId: `name ${index}`, place, site: 'one machine' };
  });
  const others = peersAround(23).map((peer, index) => ({ ...peer, site: `host ${index}` }));
  const chosen = chooseNeighbours(0, [...names, ...others]);
  t.is([...chosen].filter((peerId) => peerId.startsWith('name')).length, 1);
});

test('places that nobody else wants are filled with names of one machine', (t) => {
  const names = peersAround(50).map((peer) => ({ ...peer, site: 'one machine' }));
  t.is(chooseNeighbours(0, names).size, 24);
});

test('the limits may be others', (t) => {
  const chosen = chooseNeighbours(0, peersAround(30), { most: 4, nearestEachSide: 2 });
  t.deepEqual([...chosen].toSorted(), ['peer 1', 'peer 2', 'peer 29', 'peer 30']);
});
