import { BLOCK_BYTES } from '@peer-cache/core';
import test from 'ava';
import { Lapses } from '../src/lapses.ts';
import { Neighbour } from '../src/neighbour.ts';

const TYPICAL_MS = 500;

/** One that claims so many runs, and has brought so much of each. */
function claiming(count: number, receivedBytes = 0): Neighbour {
  const neighbour = new Neighbour({ peerId: 'a', place: 1, site: 'host' }, 0);
  const claims = Array.from({ length: count }, (_, runIndex) => {
    return { runIndex, kind: 'own' as const, receivedBytes };
  });
  neighbour.tell(0, { standing: 'foreground', claims }, { nowMs: 0, claimsBeside: 0 });
  return neighbour;
}

function isBarredAt(nowMs: number, neighbour: Neighbour, heardMs = nowMs): boolean {
  const lapses = new Lapses();
  neighbour.heard(heardMs);
  lapses.look([neighbour], { nowMs, typicalMs: TYPICAL_MS });
  return lapses.isBarred('host');
}

test('two claims that bring nothing for four seconds bar a site', (t) => {
  t.false(isBarredAt(3900, claiming(2)));
  t.true(isBarredAt(4100, claiming(2)));
});

test('one such claim does not, however often it is looked at', (t) => {
  const lapses = new Lapses();
  const neighbour = claiming(1);
  for (let nowMs = 4100; nowMs < 9000; nowMs += 100) {
    neighbour.heard(nowMs);
    lapses.look([neighbour], { nowMs, typicalMs: TYPICAL_MS });
  }
  t.false(lapses.isBarred('host'));
});

test('a claim that brought a block is no lapse', (t) => {
  t.false(isBarredAt(9000, claiming(2, BLOCK_BYTES)));
});

test('who can not be heard is not blamed for what it does not tell', (t) => {
  t.false(isBarredAt(9000, claiming(2), 1000));
});

test('a site that brings something is no longer barred', (t) => {
  const lapses = new Lapses();
  const neighbour = claiming(2);
  neighbour.heard(5000);
  t.true(lapses.look([neighbour], { nowMs: 5000, typicalMs: TYPICAL_MS }));
  t.true(lapses.forgive('host'));
  t.false(lapses.isBarred('host'));
  t.false(lapses.look([neighbour], { nowMs: 5100, typicalMs: TYPICAL_MS }));
  t.false(lapses.isBarred('host'));
});

/** What is told, heard and looked at every 250 ms. */
function pass(lapses: Lapses, toMs: number, tell: (nowMs: number) => Neighbour): void {
  for (let nowMs = 0; nowMs <= toMs; nowMs += 250) {
    const neighbour = tell(nowMs);
    lapses.look([neighbour], { nowMs: nowMs + 200, typicalMs: TYPICAL_MS });
  }
}

test('to claim something else all the time is no better than to bring nothing', (t) => {
  const lapses = new Lapses();
  const neighbour = claiming(2);
  pass(lapses, 6000, (nowMs) => {
    const claims = [0, 1].map((run) => {
      return { runIndex: ((nowMs / 250) % 16) * 2 + run, kind: 'own' as const, receivedBytes: 0 };
    });
    neighbour.tell(0, { standing: 'foreground', claims }, { nowMs, claimsBeside: 0 });
    return neighbour;
  });
  t.true(lapses.isBarred('host'));
});

/** One whose two claims bring a block in so long, as it tells and as can be seen. */
function dripping(blockMs: number): (nowMs: number) => Neighbour {
  const neighbour = claiming(2);
  neighbour.delivered();
  return (nowMs) => {
    const blocks = nowMs / blockMs;
    const claims = [0, 1].map((runIndex) => {
      return { runIndex, kind: 'own' as const, receivedBytes: Math.floor(blocks * BLOCK_BYTES) };
    });
    neighbour.tell(0, { standing: 'foreground', claims }, { nowMs, claimsBeside: 0 });
    for (const claim of neighbour.claims()) {
      claim.lookedAtMs ??= nowMs;
      claim.leftAtFirst ??= 16;
      claim.leftBlocks = 16 - Math.floor(blocks);
    }
    return neighbour;
  };
}

test('two claims that bring a drip bar a site, whatever arrives, and not for ever', (t) => {
  const lapses = new Lapses();
  const tell = dripping(1900);
  pass(lapses, 5000, tell);
  t.true(lapses.isBarred('host'));
  t.false(lapses.forgive('host'));
  t.true(lapses.isBarred('host'));
  t.true(lapses.look([], { nowMs: 40_000, typicalMs: TYPICAL_MS }));
  t.false(lapses.isBarred('host'));
});

test('claims that bring their runs in twice the usual time do not', (t) => {
  const lapses = new Lapses();
  pass(lapses, 5000, dripping(TYPICAL_MS / 8));
  t.false(lapses.isBarred('host'));
});
