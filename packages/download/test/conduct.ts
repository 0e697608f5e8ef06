import { BlockMismatchError, HOUR_MS, SealBrokenError } from '@peer-cache/core';
import test from 'ava';
import { PeerBusyError, PeerUnreachableError } from '../src/errors.ts';
import { Conduct } from '../src/peers/conduct.ts';

function conductAt(start = 0) {
  const clock = { nowMs: start };
  return { clock, conduct: new Conduct(() => clock.nowMs) };
}

test('a peer that lied is out for that content at once, and only for that', (t) => {
  const { conduct } = conductAt();
  conduct.failed(new BlockMismatchError(0), 'x');
  t.true(conduct.isOut('x'));
  t.true(conduct.mayAsk('y'));
});

test('a peer that lied about two contents is out everywhere for an hour, then for two', (t) => {
  const { clock, conduct } = conductAt();
  conduct.failed(new BlockMismatchError(0), 'x');
  conduct.failed(new BlockMismatchError(0), 'y');
  t.false(conduct.mayAsk('z'));
  clock.nowMs = HOUR_MS;
  t.true(conduct.mayAsk('z'));
  conduct.failed(new BlockMismatchError(0), 'z');
  clock.nowMs += 2 * HOUR_MS - 1;
  t.false(conduct.mayAsk('w'));
  clock.nowMs += 1;
  t.true(conduct.mayAsk('w'));
});

test('damage on the way costs time that doubles, and no ban', (t) => {
  const { clock, conduct } = conductAt();
  const waits = [1000, 2000, 4000].map((waitMs) => {
    conduct.failed(new SealBrokenError(0), 'x');
    const blocked = !conduct.mayAsk('x');
    clock.nowMs += waitMs;
    return blocked && conduct.mayAsk('x');
  });
  t.deepEqual(waits, [true, true, true]);
  t.false(conduct.isOut('x'));
});

test('back-off starts small again after a delivery', (t) => {
  const { clock, conduct } = conductAt();
  conduct.failed(new SealBrokenError(0), 'x');
  conduct.failed(new SealBrokenError(0), 'x');
  conduct.delivered();
  clock.nowMs += 5000;
  conduct.failed(new SealBrokenError(0), 'x');
  clock.nowMs += 1000;
  t.true(conduct.mayAsk('x'));
});

test('what fails on several connections at one moment failed once', (t) => {
  const { clock, conduct } = conductAt();
  for (let count = 0; count < 5; count++) conduct.failed(new SealBrokenError(0), 'x');
  clock.nowMs = 1000;
  t.true(conduct.mayAsk('x'));
});

test('a peer that was away is asked as soon as it is back, unless it lied', (t) => {
  const { conduct } = conductAt();
  conduct.failed(new PeerUnreachableError('p', 'no answer'), 'x');
  conduct.returned();
  t.true(conduct.mayAsk('x'));
  conduct.failed(new BlockMismatchError(0), 'x');
  conduct.returned();
  t.true(conduct.isOut('x'));
});

test('a busy peer is left alone for as long as it said', (t) => {
  const { clock, conduct } = conductAt();
  conduct.failed(new PeerBusyError('p', 150), 'x');
  clock.nowMs = 149;
  t.false(conduct.mayAsk('x'));
  clock.nowMs = 150;
  t.true(conduct.mayAsk('x'));
});

test('three broken promises put a peer out for the content', (t) => {
  const { conduct } = conductAt();
  conduct.promiseBroken('x');
  conduct.promiseBroken('x');
  t.false(conduct.isOut('x'));
  conduct.promiseBroken('x');
  t.true(conduct.isOut('x'));
  t.false(conduct.isOut('y'));
});

test('a busy peer is worth waiting for, until it has been so for too long', (t) => {
  const { clock, conduct } = conductAt();
  t.true(conduct.isWorthWaitingFor('x'));
  for (clock.nowMs = 0; clock.nowMs < 2000; clock.nowMs += 500) {
    conduct.failed(new PeerBusyError('a peer', 400), 'x');
    t.true(conduct.isWorthWaitingFor('x'));
  }
  t.false(conduct.isWorthWaitingFor('x'));
  conduct.delivered();
  t.true(conduct.isWorthWaitingFor('x'));
});

test('a liar is not worth waiting for', (t) => {
  const { conduct } = conductAt();
  conduct.failed(new BlockMismatchError(0), 'x');
  t.false(conduct.isWorthWaitingFor('x'));
});
