import test from 'ava';
import { BLOCK_BYTES } from '@peer-cache/core';
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
