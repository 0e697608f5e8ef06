import { BLOCK_BYTES } from '@peer-cache/core';
import test from 'ava';
import type { Choice, Ownership } from '../src/ownership.ts';
import { ringDistance } from '../src/ring.ts';
import type { OpenRun } from '../src/runs.ts';
import { ownershipOf, Peers } from './helpers/peers.ts';
import { openRun, openRuns } from './helpers/runs.ts';

const ALL = openRuns(32);

function choose(peer: Ownership, open: readonly OpenRun[] = ALL, nowMs = 0): Choice | undefined {
  return peer.choose(open, { nowMs, isWanAlive: true });
}

/** The first of the runs that belong to a peer. */
function runOf(peer: Ownership, at = 0): OpenRun {
  const run = ALL.filter((each) => peer.ownerOf(each)?.peerId === peer.peerId)[at];
  if (run === undefined) throw new RangeError('it owns none');
  return run;
}

test('who knows nobody owns everything, and begins with what is nearest', (t) => {
  const alone = ownershipOf(0);
  const choice = choose(alone);
  const nearest = ALL.toSorted(
    (a, b) => ringDistance(alone.place, a.place) - ringDistance(alone.place, b.place),
  );
  t.is(choice?.run, nearest[0]);
  t.is(choice?.kind, 'own');
});

test('a run belongs to the nearest peer, and all agree on that', (t) => {
  const { all } = new Peers(8);
  for (const run of ALL) {
    const nearest = all.toSorted(
      (a, b) => ringDistance(a.place, run.place) - ringDistance(b.place, run.place),
    )[0];
    for (const peer of all) t.is(peer.ownerOf(run)?.peerId, nearest?.peerId);
  }
});

test('whoever fetches a run keeps others from it, even its owner', (t) => {
  const peers = new Peers(2);
  const [owner, other] = [peers.at(0), peers.at(1)];
  const first = choose(owner);
  peers.claim(other, first?.run.number ?? 0, 'stolen');
  t.not(choose(owner)?.run, first?.run);
});

test('the same run is not fetched twice by one peer', (t) => {
  const peer = ownershipOf(0);
  const first = choose(peer);
  peer.claim(first?.run.number ?? 0, 'own', 0);
  t.true(peer.hasClaim(first?.run.number ?? -1));
  t.not(choose(peer)?.run, first?.run);
});

test('a claim is told with what it brought, until it ends', (t) => {
  const peer = ownershipOf(0);
  peer.claim(33, 'own', 0);
  peer.received(33, 100);
  peer.received(33, 20);
  t.deepEqual(peer.claimsOf(1), [{ runIndex: 1, kind: 'own', receivedBytes: 120 }]);
  t.deepEqual(peer.claimsOf(0), []);
  peer.release(33, 10);
  t.deepEqual(peer.claimsOf(1), []);
});

test('who is in the foreground goes before all in the background', (t) => {
  const peers = new Peers(4);
  for (const peer of peers.all.slice(1)) peer.standing = 'background';
  peers.tellAll();
  for (const peer of peers.all) {
    for (const run of ALL) t.is(peer.ownerOf(run)?.peerId, peers.at(0).peerId);
  }
  t.is(choose(peers.at(1)), undefined);
});

test('who waits owns nothing and fetches nothing', (t) => {
  const peers = new Peers(2);
  const waiting = peers.at(0);
  waiting.standing = 'waiting';
  peers.tellAll();
  t.is(choose(waiting), undefined);
  for (const run of ALL) t.is(peers.at(1).ownerOf(run)?.neighbour, undefined);
});

test('who has all of a segment owns nothing of it', (t) => {
  const peers = new Peers(2);
  peers.tell(peers.at(0), 0, 'none');
  for (const run of ALL) t.is(peers.at(1).ownerOf(run)?.neighbour, undefined);
  t.false(peers.at(1).hasOthers(0));
});

test('several peers at one site own as one', (t) => {
  const { all } = new Peers(4, (index) => (index < 3 ? 'one machine' : 'another'));
  for (const peer of all) t.is(peer.candidates(0).length, 2);
  const owners = ALL.map((run) => all[0]?.ownerOf(run)?.peerId);
  t.is(new Set(owners).size, 2);
});

test('several peers at one site are lent no more claims than one', (t) => {
  const peers = new Peers(4, (index) => (index < 3 ? 'one machine' : 'another'));
  for (const index of [0, 1, 2]) {
    peers.claim(peers.at(index), index * 2);
    peers.claim(peers.at(index), index * 2 + 1);
  }
  const seen = ALL.filter(({ number }) => peers.at(3).claimsOn(number).length > 0);
  t.is(seen.length, 2);
});

test('of two that fetch the same run exactly one gives way', (t) => {
  const peers = new Peers(2);
  const [one, other] = [peers.at(0), peers.at(1)];
  for (const run of ALL) {
    peers.claim(one, run.number, 'stolen');
    peers.claim(other, run.number, 'stolen');
    t.is([one, other].filter((peer) => peer.mustYield(run, 16)).length, 1);
    for (const peer of [one, other]) {
      peer.release(run.number, 0);
      peers.tell(peer);
    }
  }
});

test('nobody gives way for the last two blocks', (t) => {
  const peers = new Peers(2);
  const run = runOf(peers.at(0));
  for (const peer of peers.all) peers.claim(peer, run.number, 'stolen');
  t.true(peers.at(1).mustYield(run, 3));
  t.false(peers.at(1).mustYield(run, 2));
});

test('what was taken over is not left to the one that was late with it', (t) => {
  const peers = new Peers(2);
  const run = runOf(peers.at(0));
  peers.claim(peers.at(0), run.number);
  peers.claim(peers.at(1), run.number, 'takeover');
  t.true(peers.at(0).mustYield(run, 16));
  t.false(peers.at(1).mustYield(run, 16));
});

test('what was just begun is left to a nearer peer that turns up', (t) => {
  const peer = ownershipOf(0);
  const { all } = new Peers(8);
  const run = ALL.find((each) => all[0]?.ownerOf(each)?.neighbour !== undefined) ?? openRun(0);
  peer.claim(run.number, 'own', 0);
  t.false(peer.mustYield(run, 16));
  for (const other of all.slice(1)) {
    const neighbour = peer.meet(other.peerId, other.site, 0);
    peer.tell(neighbour, 0, { standing: 'foreground', claims: [] }, 0);
  }
  t.true(peer.mustYield(run, 16));
  peer.received(run.number, BLOCK_BYTES);
  t.false(peer.mustYield(run, 15));
});

test('a peer that is gone claims and owns nothing', (t) => {
  const peers = new Peers(2);
  const [gone, left] = [peers.at(0), peers.at(1)];
  const run = runOf(gone);
  peers.claim(gone, run.number);
  left.lose(peers.seenBy(left, gone));
  t.deepEqual(left.claimsOn(run.number), []);
  t.is(left.ownerOf(run)?.neighbour, undefined);
});

test('a run of which a block came lately is left to whoever brings it, though nobody claims it', (t) => {
  const peer = new Peers(2).at(0);
  const { number } = runOf(peer);
  t.is(choose(peer, [openRun(number, 16)], 0)?.run.number, number);
  t.is(choose(peer, [openRun(number, 15)], 100), undefined);
  t.is(choose(peer, [openRun(number, 14)], 400), undefined);
  t.is(choose(peer, [openRun(number, 14)], 1000)?.run.number, number);
});

test('a run of which this peer brought a block itself is gone on with at once', (t) => {
  const peer = new Peers(2).at(0);
  const { number } = runOf(peer);
  peer.claim(number, 'own', 0);
  peer.received(number, BLOCK_BYTES);
  peer.release(number, 100);
  t.is(choose(peer, [openRun(number, 15)], 100)?.run.number, number);
});

test('only the first 32 of the missing runs may be fetched', (t) => {
  const alone = ownershipOf(0);
  const chosen = new Set<number>();
  for (;;) {
    const choice = choose(alone, openRuns(64));
    if (choice === undefined) break;
    chosen.add(choice.run.number);
    alone.claim(choice.run.number, 'own', 0);
  }
  t.deepEqual(
    [...chosen].toSorted((a, b) => a - b),
    ALL.map(({ number }) => number),
  );
});

test('who claimed twice and brought nothing owns and claims nothing, until it brings something', (t) => {
  const peers = new Peers(2);
  const [late, judge] = [peers.at(0), peers.at(1)];
  const runs = [runOf(late, 0), runOf(late, 1)];
  for (const { number } of runs) peers.claim(late, number);
  const owns = (): boolean => ALL.some((run) => judge.ownerOf(run)?.peerId === late.peerId);
  t.true(owns());
  peers.nowMs = 6000;
  peers.tell(late);
  choose(judge, ALL, 6000);
  t.false(owns());
  for (const { number } of runs) t.deepEqual(judge.claimsOn(number), []);
  judge.delivered(peers.seenBy(judge, late));
  t.true(owns());
});

test('nobody is blamed while the own way to the origin is silent', (t) => {
  const peers = new Peers(2);
  const [late, judge] = [peers.at(0), peers.at(1)];
  for (const at of [0, 1]) peers.claim(late, runOf(late, at).number);
  peers.nowMs = 6000;
  peers.tell(late);
  judge.choose(ALL, { nowMs: 6000, isWanAlive: false });
  t.true(ALL.some((run) => judge.ownerOf(run)?.peerId === late.peerId));
});

test('in a small branch everybody is near everything, in a large one few are', (t) => {
  const small = new Peers(24);
  t.true(small.all.every((peer) => ALL.every((run) => peer.isNear(run))));
  const { all } = new Peers(60);
  for (const run of ALL) {
    const near = all.filter((peer) => peer.isNear(run)).length;
    t.true(near >= 4 && near <= 8, `${near}`);
  }
});

test('idle peers that stand nearer go first', (t) => {
  const peers = new Peers(4);
  const [run] = ALL;
  if (run === undefined) {
    t.fail();
    return;
  }
  const nearestFirst = peers.all.toSorted(
    (a, b) => ringDistance(a.place, run.place) - ringDistance(b.place, run.place),
  );
  t.deepEqual(
    nearestFirst.map((peer) => peer.idleBefore(run)),
    [0, 1, 2, 3],
  );
  const [nearest] = nearestFirst;
  if (nearest !== undefined) peers.claim(nearest, 31);
  t.is(nearestFirst[3]?.idleBefore(run), 2);
});
