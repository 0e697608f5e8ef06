import {
  OriginBusyError,
  OriginNotFoundError,
  OriginUnreachableError,
} from '@peer-cache/transport';
import test from 'ava';
import { OriginCutShortError } from '../src/errors.ts';
import { OriginLane } from '../src/origin/origin-lane.ts';

const cut = new OriginCutShortError('u', 0, 1);

function laneAt() {
  const clock = { nowMs: 0 };
  return { clock, lane: new OriginLane(() => clock.nowMs) };
}

test('after a transient failure one request tries, half a second later', (t) => {
  const { clock, lane } = laneAt();
  t.is(lane.mostRuns, 4);
  lane.failed(cut);
  t.is(lane.mostRuns, 0);
  clock.nowMs = 500;
  t.is(lane.mostRuns, 1);
  lane.delivered();
  t.is(lane.mostRuns, 4);
});

test('a failure that is not transient is final', (t) => {
  const { lane } = laneAt();
  const error = new OriginNotFoundError('u', 404);
  lane.failed(error);
  t.is(lane.failure, error);
  t.is(lane.mostRuns, 0);
});

test('the sixth transient failure in a row is final', (t) => {
  const { lane } = laneAt();
  for (let count = 0; count < 5; count++) lane.failed(cut);
  t.is(lane.failure, undefined);
  lane.failed(cut);
  t.is(lane.failure, cut);
});

test('Retry-After is obeyed up to a minute and an error beyond', (t) => {
  const { clock, lane } = laneAt();
  lane.failed(new OriginBusyError('u', 503, 30_000));
  clock.nowMs = 29_999;
  t.is(lane.mostRuns, 0);
  clock.nowMs = 30_000;
  t.is(lane.mostRuns, 1);
  lane.failed(new OriginBusyError('u', 503, 60_001));
  t.like(lane.failure, { code: 'ORIGIN_BUSY' });
});

test('a line that is cut is tried again each second, for as long as there is patience', (t) => {
  const clock = { nowMs: 0 };
  const lane = new OriginLane(() => clock.nowMs, { patienceMs: 30_000 });
  const gone = new OriginUnreachableError('u', 'cut');
  for (; clock.nowMs < 29_000; clock.nowMs += 1000) {
    lane.failed(gone);
    t.is(lane.failure, undefined);
    t.true(lane.isTroubled);
  }
  t.is(lane.mostRuns, 1);
  clock.nowMs = 30_000;
  lane.failed(gone);
  t.is(lane.failure, gone);
});

test('who wants to know sooner bears fewer failures', (t) => {
  const lane = new OriginLane(() => 0, { mostFailures: 2 });
  lane.failed(cut);
  lane.failed(cut);
  t.is(lane.failure, undefined);
  lane.failed(cut);
  t.is(lane.failure, cut);
});
