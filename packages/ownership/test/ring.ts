import { hash } from '@peer-cache/core';
import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import {
  affinityOf,
  placeOfPeer,
  placeOfRun,
  RING_SIZE,
  ringDistance,
  ringWay,
} from '../src/ring.ts';
import { peerIdOf } from './helpers/peers.ts';

const anyPlace = fc.nat(RING_SIZE - 1);

test('a peer stands elsewhere for each content', (t) => {
  const peerId = peerIdOf(1);
  t.is(placeOfPeer(peerId, 'one'), placeOfPeer(peerId, 'one'));
  t.not(placeOfPeer(peerId, 'one'), placeOfPeer(peerId, 'other'));
});

test('the only runs of a thousand contents belong to all of ten peers', (t) => {
  const peers = Array.from({ length: 10 }, (_, index) => placeOfPeer(peerIdOf(index), 'content'));
  const owners = Array.from({ length: 1000 }, (_, index) => {
    const place = placeOfRun(hash(Buffer.from(`segment ${index}`)), 0);
    return peers.toSorted((a, b) => ringDistance(a, place) - ringDistance(b, place))[0];
  });
  t.is(new Set(owners).size, 10);
});

test('the way from one place to another ends there, and is no longer than half the ring', (t) => {
  holds(
    t,
    fc.property(anyPlace, anyPlace, (from, to) => {
      const way = ringWay(from, to);
      const isThere = (from + way + RING_SIZE) % RING_SIZE === to;
      return isThere && Math.abs(way) <= RING_SIZE / 2;
    }),
  );
});

test('the distance is the same both ways, and the length of the way', (t) => {
  holds(
    t,
    fc.property(anyPlace, anyPlace, (one, other) => {
      const distance = ringDistance(one, other);
      return distance === ringDistance(other, one) && distance === Math.abs(ringWay(one, other));
    }),
  );
});

test('two peers agree on their affinity', (t) => {
  holds(
    t,
    fc.property(anyPlace, anyPlace, (one, other) => {
      return affinityOf(one, other) === affinityOf(other, one);
    }),
  );
});

test('a peer has no more affinity to those near it than to others', (t) => {
  const self = placeOfPeer(peerIdOf(0), 'content');
  const places = Array.from({ length: 2000 }, (_, at) => placeOfPeer(peerIdOf(at + 1), 'content'));
  const chosen = places
    .toSorted((a, b) => affinityOf(self, a) - affinityOf(self, b))
    .slice(0, 1000);
  const near = chosen.filter((place) => ringDistance(self, place) < RING_SIZE / 4).length;
  t.true(near > 400 && near < 600, `${near} of 1000`);
});
