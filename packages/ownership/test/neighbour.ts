import { BLOCK_BYTES } from '@peer-cache/core';
import test from 'ava';
import type { Claim } from '../src/claim.ts';
import { Neighbour, seenBytes } from '../src/neighbour.ts';
import type { SeenClaim } from '../src/neighbour.ts';

const NOBODY_BESIDE = 0;

function met(): Neighbour {
  return new Neighbour({ peerId: 'a', place: 1, site: 'host' }, 0);
}

function tell(
  neighbour: Neighbour,
  claims: readonly Claim[],
  { nowMs = 0, segmentIndex = 0, claimsBeside = NOBODY_BESIDE } = {},
): SeenClaim[] {
  return neighbour.tell(segmentIndex, { standing: 'foreground', claims }, { nowMs, claimsBeside });
}

function claim(runIndex: number, receivedBytes = 0): Claim {
  return { runIndex, kind: 'own', receivedBytes };
}

test('a neighbour has no part in what it did not tell of', (t) => {
  const neighbour = met();
  tell(neighbour, [claim(1)]);
  t.is(neighbour.standing(0), 'foreground');
  t.is(neighbour.standing(1), 'none');
  t.is(neighbour.claim(1, 1), undefined);
});

test('a claim that is told of again is the same', (t) => {
  const neighbour = met();
  tell(neighbour, [claim(1)]);
  tell(neighbour, [claim(1, BLOCK_BYTES)], { nowMs: 500 });
  t.like(neighbour.claim(0, 1), { sinceMs: 0, progressMs: 500, receivedBytes: BLOCK_BYTES });
});

test('bytes that are told again are no progress', (t) => {
  const neighbour = met();
  tell(neighbour, [claim(1, 5)]);
  tell(neighbour, [claim(1, 5)], { nowMs: 500 });
  t.like(neighbour.claim(0, 1), { progressMs: 0, heardMs: 500 });
});

test('a claim with fewer bytes than before, or of another kind, is another', (t) => {
  const neighbour = met();
  tell(neighbour, [claim(1, 5)]);
  tell(neighbour, [claim(1, 4)], { nowMs: 500 });
  t.like(neighbour.claim(0, 1), { sinceMs: 500 });
  tell(neighbour, [{ ...claim(1, 4), kind: 'takeover' }], { nowMs: 700 });
  t.like(neighbour.claim(0, 1), { sinceMs: 700 });
});

test('claims that are no longer made are given back', (t) => {
  const neighbour = met();
  tell(neighbour, [claim(1), claim(2)]);
  const ended = tell(neighbour, [claim(2)]);
  t.deepEqual(
    ended.map(({ runIndex }) => runIndex),
    [1],
  );
});

test('who brought nothing yet is lent two runs, who did four', (t) => {
  const neighbour = met();
  const many = [1, 2, 3, 4, 5].map((runIndex) => claim(runIndex));
  tell(neighbour, many);
  t.is(neighbour.claims().length, 2);
  neighbour.delivered();
  tell(neighbour, many);
  t.is(neighbour.claims().length, 4);
});

test('claims on other segments count, too', (t) => {
  const neighbour = met();
  tell(neighbour, [claim(1), claim(2)]);
  tell(neighbour, [claim(1), claim(2)], { segmentIndex: 1 });
  t.is(neighbour.claims().length, 2);
});

test('what others at the same site claim is not lent again', (t) => {
  const neighbour = met();
  tell(neighbour, [claim(1), claim(2)], { claimsBeside: 1 });
  t.is(neighbour.claims().length, 1);
  tell(neighbour, [claim(1)], { claimsBeside: 5 });
  t.is(neighbour.claims().length, 0);
});

test('it is idle from the end of its last claim', (t) => {
  const neighbour = met();
  t.is(neighbour.idleMs(300), 300);
  tell(neighbour, [claim(1)], { nowMs: 400 });
  t.is(neighbour.idleMs(500), 0);
  tell(neighbour, [], { nowMs: 600 });
  tell(neighbour, [], { nowMs: 700 });
  t.is(neighbour.idleMs(800), 200);
});

test('its rate is what its claims grow by', (t) => {
  const neighbour = met();
  for (let count = 0; count <= 16; count++) {
    tell(neighbour, [claim(1, count * BLOCK_BYTES)], { nowMs: count * 100 });
  }
  t.is(Math.round(neighbour.rate.bytesPerMs ?? 0), Math.round(BLOCK_BYTES / 100));
});

test('a poll without news is a sign of life for its claims', (t) => {
  const neighbour = met();
  tell(neighbour, [claim(1)]);
  neighbour.heard(900);
  t.like(neighbour.claim(0, 1), { heardMs: 900, progressMs: 0 });
});

test('what had come before a claim was heard of does not count as seen', (t) => {
  const neighbour = met();
  tell(neighbour, [claim(1, 3 * BLOCK_BYTES)]);
  tell(neighbour, [claim(1, 4 * BLOCK_BYTES)], { nowMs: 500 });
  const [seen] = neighbour.claims();
  t.is(seen && seenBytes(seen), BLOCK_BYTES);
});

test('a claim that is made anew again and again is as old as it is', (t) => {
  const neighbour = met();
  for (let nowMs = 0; nowMs <= 3000; nowMs += 500) {
    const kind = nowMs % 1000 === 0 ? 'own' : 'stolen';
    tell(neighbour, [{ ...claim(1, 1), kind }], { nowMs });
  }
  t.is(neighbour.claim(0, 1)?.sinceMs, 1000);
});
