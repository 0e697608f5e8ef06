import { BLOCK_BYTES } from '@peer-cache/core';
import test from 'ava';
import type { Choice, Ownership } from '../src/ownership.ts';
import { ringDistance } from '../src/ring.ts';
import type { OpenRun } from '../src/runs.ts';
import { Peers } from './helpers/peers.ts';
import { openRuns } from './helpers/runs.ts';

/** An owner, and one that has nothing left of its own. */
function setUp(): {
  readonly peers: Peers;
  readonly owner: Ownership;
  readonly idle: Ownership;
  readonly open: readonly OpenRun[];
} {
  const peers = new Peers(2);
  const owner = peers.at(0);
  const open = openRuns(32).filter((run) => owner.ownerOf(run)?.neighbour === undefined);
  return { peers, owner, idle: peers.at(1), open };
}

function choose(peer: Ownership, open: readonly OpenRun[], nowMs: number): Choice | undefined {
  return peer.choose(open, { nowMs, isWanAlive: true });
}

/** The owner begins its first two runs, and brings so many blocks of each in a second. */
function workFor1s({ peers, owner, open }: ReturnType<typeof setUp>, blocks: number): OpenRun[] {
  const [first, second, ...others] = open.toSorted(
    (a, b) => ringDistance(owner.place, a.place) - ringDistance(owner.place, b.place),
  );
  for (const run of [first, second]) if (run !== undefined) peers.claim(owner, run.number);
  peers.nowMs = 1000;
  for (const run of [first, second]) owner.received(run?.number ?? 0, blocks * BLOCK_BYTES);
  peers.tell(owner);
  return others;
}

test('an owner that does not begin for two seconds is stolen from', (t) => {
  const { idle, open } = setUp();
  t.is(choose(idle, open, 0), undefined);
  t.is(choose(idle, open, 1900), undefined);
  t.is(choose(idle, open, 2600)?.kind, 'stolen');
});

test('an owner that is between two runs is not', (t) => {
  const { peers, owner, idle, open } = setUp();
  choose(idle, open, 0);
  const [first] = open;
  peers.claim(owner, first?.number ?? 0);
  peers.nowMs = 2900;
  owner.release(first?.number ?? 0, peers.nowMs);
  peers.tell(owner);
  t.is(choose(idle, open.slice(1), 3000), undefined);
});

test('an owner that is far behind is stolen from, of the half that it comes to last', (t) => {
  const parts = setUp();
  choose(parts.idle, parts.open, 0);
  const others = workFor1s(parts, 1);
  choose(parts.idle, others, 1000);
  const stolen = choose(parts.idle, others, 1300);
  t.is(stolen?.kind, 'stolen');
  const last = others.slice(others.length >> 1);
  const wayTo = ({ place }: OpenRun): number => ringDistance(parts.idle.place, place);
  t.is(stolen?.run, last.toSorted((a, b) => wayTo(a) - wayTo(b))[0]);
});

test('who met others at what it fetched waits longer before it steals', (t) => {
  const parts = setUp();
  const { peers, owner, idle, open } = parts;
  choose(idle, open, 0);
  idle.claim(99, 'stolen', 0);
  peers.tell(owner);
  const neighbour = peers.seenBy(idle, owner);
  const claims = [{ runIndex: 3, kind: 'own' as const, receivedBytes: 0 }];
  for (let count = 0; count < 3; count++) {
    idle.tell(neighbour, 3, { standing: 'foreground', claims }, 0);
    idle.tell(neighbour, 3, { standing: 'foreground', claims: [] }, 0);
  }
  idle.release(99, 0);
  const others = workFor1s(parts, 1);
  choose(idle, others, 1000);
  t.is(choose(idle, others, 1300), undefined);
});

test('an owner that will soon be there is not stolen from', (t) => {
  const parts = setUp();
  choose(parts.idle, parts.open, 0);
  const others = workFor1s(parts, 12).slice(0, 2);
  choose(parts.idle, others, 1000);
  t.is(choose(parts.idle, others, 1300), undefined);
});

test('who fetches something does not steal', (t) => {
  const { idle, open } = setUp();
  choose(idle, open, 0);
  idle.claim(99, 'own', 0);
  t.is(choose(idle, open, 5000), undefined);
});

test('nothing is stolen while the own way to the origin is silent', (t) => {
  const { idle, open } = setUp();
  choose(idle, open, 0);
  t.is(idle.choose(open, { nowMs: 5000, isWanAlive: false }), undefined);
});

/** When a peer would steal first. */
function firstMs(peer: Ownership, open: readonly OpenRun[]): number {
  for (let nowMs = 1000; nowMs < 20_000; nowMs += 50) {
    if (choose(peer, open, nowMs) !== undefined) return nowMs;
  }
  return Infinity;
}

const inTurn = test.macro<[blocks: number]>((t, blocks) => {
  const peers = new Peers(3);
  const owner = peers.at(0);
  const open = openRuns(32).filter((run) => owner.ownerOf(run)?.neighbour === undefined);
  const others = blocks > 0 ? workFor1s({ peers, owner, idle: owner, open }, blocks) : open;
  const place = others.at(-1)?.place ?? 0;
  const [near, far] = [peers.at(1), peers.at(2)].toSorted(
    (a, b) => ringDistance(a.place, place) - ringDistance(b.place, place),
  );
  const last = others.slice(-1);
  t.true(near !== undefined && far !== undefined);
  if (near !== undefined && far !== undefined) {
    t.true(firstMs(near, last) + 250 <= firstMs(far, last));
  }
});
test('from an idle owner the nearest peer steals first, the next one if that did not', inTurn, 0);
test('from an owner far behind the nearest peer steals first, too', inTurn, 0.1);

test('a run that somebody out of sight brings is not stolen', (t) => {
  const parts = setUp();
  choose(parts.idle, parts.open, 0);
  const others = workFor1s(parts, 1).map((run) => ({ ...run, leftBlocks: 15 }));
  choose(parts.idle, others, 1000);
  t.is(choose(parts.idle, others, 1300), undefined);
  t.is(choose(parts.idle, others, 9000)?.kind, 'stolen');
});
