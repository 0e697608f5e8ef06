import { BLOCK_BYTES } from '@peer-cache/core';
import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import { ownerRank } from '../src/claim.ts';
import type { ClaimKind, Standing } from '../src/claim.ts';
import type { Ownership } from '../src/ownership.ts';
import type { OpenRun } from '../src/runs.ts';
import { Peers } from './helpers/peers.ts';
import { openRuns } from './helpers/runs.ts';

const RUNS = openRuns(32);

/** What may happen to a branch in which all know all. */
type Step =
  | { readonly what: 'stand'; readonly peer: number; readonly standing: Standing }
  | {
      readonly what: 'claim';
      readonly peer: number;
      readonly run: number;
      readonly kind: ClaimKind;
    }
  | { readonly what: 'release'; readonly peer: number; readonly run: number }
  | {
      readonly what: 'receive';
      readonly peer: number;
      readonly run: number;
      readonly bytes: number;
    }
  | { readonly what: 'leave'; readonly peer: number }
  | { readonly what: 'wait'; readonly ms: number };

const anyPeer = fc.nat(7);
/** Few, so that claims cross. */
const anyRun = fc.nat(7);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    what: fc.constant('stand' as const),
    peer: anyPeer,
    standing: fc.constantFrom('none', 'waiting', 'background', 'foreground'),
  }),
  fc.record({
    what: fc.constant('claim' as const),
    peer: anyPeer,
    run: anyRun,
    kind: fc.constantFrom('own', 'stolen', 'takeover'),
  }),
  fc.record({ what: fc.constant('release' as const), peer: anyPeer, run: anyRun }),
  fc.record({
    what: fc.constant('receive' as const),
    peer: anyPeer,
    run: anyRun,
    bytes: fc.nat(200_000),
  }),
  fc.record({ what: fc.constant('leave' as const), peer: anyPeer }),
  fc.record({ what: fc.constant('wait' as const), ms: fc.nat(900) }),
);

const anySteps = fc.array(anyStep, { maxLength: 60, size: 'max' });
const anySites = fc.array(fc.nat(5), { minLength: 8, maxLength: 8 });

/** A branch in which all this happened, and all know it. */
function branchAfter(steps: readonly Step[], sites: readonly number[]): Peers {
  const peers = new Peers(8, (index) => `host ${sites[index]}`);
  for (const step of steps) {
    if (step.what === 'wait') peers.nowMs += step.ms;
    else if (peers.all.includes(peers.at(step.peer))) act(peers, step);
  }
  // Nobody's claim fills its site's loan only because another's was told of first.
  peers.tellAll();
  return peers;
}

function act(peers: Peers, step: Exclude<Step, { what: 'wait' }>): void {
  const peer = peers.at(step.peer);
  if (step.what === 'stand') peer.standing = step.standing;
  if (step.what === 'claim') peer.claim(step.run, step.kind, peers.nowMs);
  if (step.what === 'release') peer.release(step.run, peers.nowMs);
  if (step.what === 'receive') peer.received(step.run, step.bytes);
  if (step.what === 'leave') peers.leave(peer);
  else peers.tell(peer);
}

function owns(peer: Ownership, run: OpenRun): boolean {
  const owner = peer.ownerOf(run);
  return owner !== undefined && owner.neighbour === undefined;
}

/** Whether what a peer fetches is so new that it leaves it to the owner without any other claim. */
function isLeftToOwner(peer: Ownership, run: OpenRun): boolean {
  const claim = peer.claimsOf(0).find(({ runIndex }) => runIndex === run.number);
  const isNew = claim?.kind === 'own' && claim.receivedBytes < BLOCK_BYTES;
  return isNew && peer.ownerOf(run) !== undefined && !owns(peer, run);
}

test('whatever happened, as long as all know the same each run has one owner', (t) => {
  const property = fc.property(anySteps, anySites, (steps, sites) => {
    const { all } = branchAfter(steps, sites);
    const mayOwn = all.some(({ standing }) => ownerRank(standing) > 0);
    return RUNS.every((run) => all.filter((peer) => owns(peer, run)).length === (mayOwn ? 1 : 0));
  });
  holds(t, property, { numRuns: 300 });
});

test('whatever happened, of two that fetch the same run and see that exactly one gives way', (t) => {
  let crossings = 0;
  const property = fc.property(anySteps, anySites, (steps, sites) => {
    const peers = branchAfter(steps, sites);
    for (const run of RUNS) {
      const fetching = peers.all.filter((peer) => peer.hasClaim(run.number));
      const [one, other] = fetching;
      if (one === undefined || other === undefined || fetching.length > 2) continue;
      const seeEachOther = fetching.every((peer) => peer.claimsOn(run.number).length === 1);
      if (!seeEachOther) continue;
      crossings++;
      const yielding = fetching.filter((peer) => peer.mustYield(run, 16));
      const isFree = fetching.some((peer) => isLeftToOwner(peer, run));
      if (isFree ? yielding.length === 0 : yielding.length !== 1) return false;
    }
    return true;
  });
  holds(t, property, { numRuns: 1000 });
  t.log(`${crossings} crossings`);
  t.true(crossings > 100);
});

test('whatever happened, nobody begins what it sees another fetch', (t) => {
  const property = fc.property(anySteps, anySites, (steps, sites) => {
    const peers = branchAfter(steps, sites);
    return peers.all.every((peer) => {
      const choice = peer.choose(RUNS, { nowMs: peers.nowMs, isWanAlive: true });
      if (choice === undefined || choice.kind === 'takeover') return true;
      return peer.claimsOn(choice.run.number).length === 0;
    });
  });
  holds(t, property, { numRuns: 300 });
});

test('whatever happened, what is chosen can be begun: it is not given up at once', (t) => {
  const property = fc.property(anySteps, anySites, (steps, sites) => {
    const peers = branchAfter(steps, sites);
    return peers.all.every((peer) => {
      for (const nowMs of [peers.nowMs, peers.nowMs + 4000]) {
        for (const neighbour of peer.neighbours) neighbour.heard(nowMs);
        const choice = peer.choose(RUNS, { nowMs, isWanAlive: true });
        if (choice === undefined) continue;
        peer.claim(choice.run.number, choice.kind, nowMs);
        if (peer.mustYield(choice.run, choice.run.leftBlocks)) return false;
        peer.release(choice.run.number, nowMs);
      }
      return true;
    });
  });
  holds(t, property, { numRuns: 500 });
});
