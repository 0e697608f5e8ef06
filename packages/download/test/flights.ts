import { setTimeout as sleep } from 'node:timers/promises';
import { BLOCK_BYTES, MIB } from '@peer-cache/core';
import test from 'ava';
import { Flights } from '../src/flights.ts';
import type { Flight } from '../src/flights.ts';
import type { Supplier } from '../src/supplier.ts';

const USUAL_MS = 1500;
const RUN = { segmentIndex: 0, firstBlock: 0, count: 16 };

/** A peer that has blocks, and counts how often it is called too slow. */
class Holder implements Supplier {
  readonly source: Supplier['source'];
  readonly isComing = false;
  crawls = 0;

  constructor(name: string) {
    this.source = { name, kind: 'peer', async *fetch() {} };
  }

  readonly giving = { blocksOf: () => undefined };
  readonly isAway = (): boolean => false;
  readonly mostRuns = (): number => 2;
  readonly delivered = (): void => undefined;
  readonly fellShort = (): void => undefined;
  readonly relieved = (): void => undefined;
  readonly kept = (): void => undefined;
  readonly crawled = (): void => void this.crawls++;
}

/** A run of each holder, of which so much came in a little more than a second. */
async function flying(bytesOf: readonly (readonly [Holder, number])[]): Promise<Flights> {
  const flights = new Flights({ patience: (ms) => ms, isBusy: false });
  const begun = bytesOf.map(([holder, bytes]) => [flights.start(RUN, holder), bytes] as const);
  await sleep(1100);
  for (const [flight, bytes] of begun) progress(flights, flight, bytes);
  flights.leaveCrawling(USUAL_MS);
  return flights;
}

function progress(flights: Flights, flight: Flight, bytes: number): void {
  for (let at = BLOCK_BYTES; at <= bytes; at += BLOCK_BYTES) flights.landed(flight, BLOCK_BYTES);
  flights.progressed(flight, bytes % BLOCK_BYTES);
}

test('a peer that drips is left, with all that it was asked for', async (t) => {
  const dripping = new Holder('dripping');
  const quick = new Holder('quick');
  const flights = await flying([
    [dripping, 30_000],
    [quick, MIB - BLOCK_BYTES],
  ]);
  t.is(dripping.crawls, 1);
  t.is(quick.crawls, 0);
  t.is(flights.countOf(dripping), 1, 'what was given up ends by itself');
});

test('where all are slow, nobody is left for it', async (t) => {
  const holders = [new Holder('one'), new Holder('two'), new Holder('three')];
  await flying(holders.map((holder, index) => [holder, 20_000 + index] as const));
  t.deepEqual(
    holders.map(({ crawls }) => crawls),
    [0, 0, 0],
  );
});

test('where others take long too, the LAN is slow, and one that has just begun is not left', async (t) => {
  const late = new Holder('late');
  const flights = await flying([
    [late, 5000],
    [new Holder('one'), 100_000],
    [new Holder('two'), 120_000],
  ]);
  t.is(late.crawls, 0);
  t.is(flights.heldCount(), 3);
});

test('a peer that a limit keeps from being asked is not taken for silent', async (t) => {
  const flights = new Flights({ patience: () => 0, isBusy: false });
  const held = flights.start(RUN, new Holder('held back'));
  flights.heldBack(held, true);
  const silent = flights.start({ ...RUN, firstBlock: 16 }, new Holder('silent'));
  await sleep(5);
  flights.leaveStalled();
  t.false(held.giveUp.signal.aborted);
  t.true(silent.giveUp.signal.aborted);
  flights.heldBack(held, false);
  await sleep(5);
  flights.leaveStalled();
  t.true(held.giveUp.signal.aborted, 'from then on its time runs');
});
