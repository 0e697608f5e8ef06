import { BLOCK_BYTES } from '@peer-cache/core';
import test from 'ava';
import type { Choice, Ownership } from '../src/ownership.ts';
import type { OpenRun } from '../src/runs.ts';
import { Peers } from './helpers/peers.ts';
import { openRun } from './helpers/runs.ts';

const RUN = 3;

/** One claims a run, others have nothing to do. */
class Late {
  readonly peers: Peers;
  readonly claimer: Ownership;
  readonly idle: Ownership;
  leftBlocks = 16;

  constructor(count = 2) {
    this.peers = new Peers(count);
    this.claimer = this.peers.at(0);
    this.idle = this.peers.at(1);
    this.peers.claim(this.claimer, RUN);
  }

  /** Time passes in steps; the claimer is heard of, and says that it received so much in each. */
  pass(ms: number, { receivedBytes = 0, blocks = 0 } = {}): void {
    for (const end = this.peers.nowMs + ms; this.peers.nowMs < end;) {
      this.peers.nowMs += 100;
      this.claimer.received(RUN, receivedBytes);
      this.leftBlocks -= blocks;
      this.peers.tell(this.claimer);
      this.choose();
    }
  }

  choose(peer = this.idle, open: readonly OpenRun[] = this.open): Choice | undefined {
    return peer.choose(open, { nowMs: this.peers.nowMs, isWanAlive: true });
  }

  get open(): OpenRun[] {
    return [openRun(RUN, Math.ceil(this.leftBlocks))];
  }
}

test('a claim under which nothing comes is taken over', (t) => {
  const late = new Late();
  late.pass(1400);
  t.is(late.choose(), undefined);
  late.pass(1500);
  t.like(late.choose(), { kind: 'takeover', run: { number: RUN } });
});

test('a claim under which bytes come as usual is not', (t) => {
  const late = new Late();
  late.pass(4000, { receivedBytes: BLOCK_BYTES * 0.3, blocks: 0.3 });
  t.is(late.choose(), undefined);
});

test('a claim that brings a little now and then is taken over', (t) => {
  const late = new Late();
  late.pass(4000, { receivedBytes: BLOCK_BYTES * 0.02, blocks: 0.02 });
  t.is(late.choose()?.kind, 'takeover');
});

test('who says that bytes come, and offers none, is not believed', (t) => {
  const late = new Late();
  late.pass(4000, { receivedBytes: BLOCK_BYTES * 4 });
  t.is(late.choose()?.kind, 'takeover');
});

test('who says that little comes is believed at the first look', (t) => {
  const late = new Late();
  late.peers.nowMs = 4000;
  late.claimer.received(RUN, BLOCK_BYTES);
  late.peers.tell(late.claimer);
  t.is(late.choose()?.kind, 'takeover');
});

test('a claim that was first looked at near its end is not called slow', (t) => {
  const late = new Late();
  late.claimer.received(RUN, 14 * BLOCK_BYTES);
  late.leftBlocks = 2;
  late.peers.nowMs = 3500;
  late.peers.tell(late.claimer);
  t.is(late.choose(late.peers.at(1)), undefined);
});

test('who can not be heard is not taken over from', (t) => {
  const late = new Late();
  late.peers.nowMs = 2500;
  t.is(late.choose(), undefined);
});

test('nothing is taken over while the own way to the origin is silent', (t) => {
  const late = new Late();
  late.pass(2800);
  const { nowMs } = late.peers;
  t.is(late.idle.choose(late.open, { nowMs, isWanAlive: false }), undefined);
});

test('a run is late only if all who claim it are', (t) => {
  const late = new Late(3);
  late.pass(2800);
  t.is(late.choose()?.kind, 'takeover');
  late.peers.claim(late.peers.at(2), RUN, 'takeover');
  t.is(late.choose(), undefined);
});

test('who took a run over keeps it, however near the late one stands', (t) => {
  const late = new Late();
  late.pass(2800);
  t.is(late.choose()?.kind, 'takeover');
  late.peers.claim(late.idle, RUN, 'takeover');
  t.false(late.idle.mustYield(openRun(RUN), 16));
});

test('the nearest idle peer takes over first', (t) => {
  const late = new Late(3);
  const others = [late.peers.at(1), late.peers.at(2)];
  const firstMs = others.map((peer) => {
    const again = new Late(3);
    const same = again.peers.at(late.peers.all.indexOf(peer));
    for (;;) {
      if (again.choose(same) !== undefined) return again.peers.nowMs;
      again.pass(100);
    }
  });
  const before = others.map((peer) => peer.idleBefore(openRun(RUN)));
  const gapMs = (firstMs[0] ?? 0) - (firstMs[1] ?? 0);
  t.true(Math.abs(gapMs) >= 400);
  t.is(gapMs < 0, (before[0] ?? 0) < (before[1] ?? 0));
});

/** Whether a slow claim is taken over at once, where these runs are open beside it, and claimed. */
function takesOver(more: readonly OpenRun[]): boolean {
  const late = new Late();
  late.pass(3500, { receivedBytes: BLOCK_BYTES * 0.15, blocks: 0.15 });
  for (const { number } of more) late.idle.meet(`claims ${number}`, `host ${number}`, 0);
  const open = [...late.open, ...more];
  for (const neighbour of late.idle.neighbours) {
    const number = Number(neighbour.peerId.replace('claims ', ''));
    if (!(number >= 100)) continue;
    const claims = [{ runIndex: number % 32, kind: 'own' as const, receivedBytes: 0 }];
    const told = { standing: 'foreground' as const, claims };
    late.idle.tell(neighbour, Math.floor(number / 32), told, late.peers.nowMs);
  }
  late.choose(late.idle, open);
  late.peers.nowMs += 400;
  return late.choose(late.idle, open)?.run.number === RUN;
}

test('the fewer runs are left, the sooner a slow one is taken over', (t) => {
  const others = Array.from({ length: 31 }, (_, index) => openRun(100 + index));
  t.true(takesOver([]));
  t.false(takesOver(others));
});
