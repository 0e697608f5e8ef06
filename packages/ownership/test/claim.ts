import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import { ownerRank, rankOf, standsBefore } from '../src/claim.ts';
import type { Claimant } from '../src/claim.ts';
import { RING_SIZE } from '../src/ring.ts';

const NEAR: Claimant = { peerId: 'b', place: 100, kind: 'own', standing: 'foreground' };
const FAR: Claimant = { peerId: 'a', place: 200, kind: 'own', standing: 'foreground' };
const RUN_PLACE = 90;

const anyClaimant: fc.Arbitrary<Claimant> = fc.record({
  peerId: fc.string({ minLength: 4, maxLength: 4 }),
  // Few, so that some are the same.
  place: fc.nat(8),
  kind: fc.constantFrom('own', 'stolen', 'takeover'),
  standing: fc.constantFrom('none', 'waiting', 'background', 'foreground'),
});

test('of two claims the one of the nearer peer stands', (t) => {
  t.true(standsBefore(NEAR, FAR, RUN_PLACE));
  t.false(standsBefore(FAR, NEAR, RUN_PLACE));
});

test('a claim in the foreground stands before a nearer one in the background', (t) => {
  t.true(standsBefore(FAR, { ...NEAR, standing: 'background' }, RUN_PLACE));
});

test('what was taken over stands before what is more urgent and nearer', (t) => {
  const takeover: Claimant = { ...FAR, kind: 'takeover', standing: 'background' };
  t.true(standsBefore(takeover, NEAR, RUN_PLACE));
});

test('what was stolen is no better and no worse than what is owned', (t) => {
  t.true(standsBefore({ ...NEAR, kind: 'stolen' }, FAR, RUN_PLACE));
  t.true(standsBefore(NEAR, { ...FAR, kind: 'stolen' }, RUN_PLACE));
});

test('between peers at the same distance the lower ID decides', (t) => {
  t.true(standsBefore({ ...FAR, place: NEAR.place }, NEAR, RUN_PLACE));
});

test('of any two claims of two peers exactly one stands, whoever asks', (t) => {
  const anyRunPlace = fc.oneof(fc.nat(8), fc.nat(RING_SIZE - 1));
  const property = fc.property(anyClaimant, anyClaimant, anyRunPlace, (one, other, place) => {
    fc.pre(one.peerId !== other.peerId);
    return standsBefore(one, other, place) !== standsBefore(other, one, place);
  });
  holds(t, property, { numRuns: 1000 });
});

test('of any claims one stands before all others', (t) => {
  const byPeer = { minLength: 1, maxLength: 8, selector: ({ peerId }: Claimant) => peerId };
  const property = fc.property(fc.uniqueArray(anyClaimant, byPeer), fc.nat(8), (all, place) => {
    const first = all.filter((one) =>
      all.every((other) => one === other || standsBefore(one, other, place)),
    );
    return first.length === 1;
  });
  holds(t, property, { numRuns: 1000 });
});

test('who waits or wants nothing may own nothing', (t) => {
  t.is(ownerRank('none'), 0);
  t.is(ownerRank('waiting'), 0);
  t.true(ownerRank('background') > 0);
  t.true(rankOf('foreground') > rankOf('background'));
});
