import { once } from 'node:events';
import { BLOCK_BYTES } from '@peer-cache/core';
import type { Posting } from '@peer-cache/ownership';
import test from 'ava';
import type { ServingPace } from '../src/index.ts';
import { PacedAnswers } from '../src/serving-pace.ts';
import { makeSegment } from './helpers/content.ts';
import { hold, serve } from './helpers/serve.ts';

const film = makeSegment('film', 5 * BLOCK_BYTES + 1);
const runs = [{ firstBlock: 0, count: 6 }];
const LAN = { local: { host: '10.0.0.1', port: 7690 } };

/** Leave that a test gives, so many bytes each time. */
class Gate implements ServingPace {
  rate: number | undefined;
  readonly wanted: number[] = [];
  #give = Promise.withResolvers<void>();
  #asked = Promise.withResolvers<void>();

  constructor(rate: number | undefined) {
    this.rate = rate;
  }

  async take(
    { least, most }: { least: number; most: number },
    { signal }: { signal: AbortSignal },
  ): Promise<number> {
    this.wanted.push(most);
    this.#asked.resolve();
    await Promise.race([this.#give.promise, once(signal, 'abort')]);
    signal.throwIfAborted();
    return least;
  }

  /** Resolves when leave is asked for. */
  async asked(): Promise<void> {
    await this.#asked.promise;
    this.#asked = Promise.withResolvers<void>();
  }

  /** Lets who asked go on; who asks after has to wait again. */
  give(): void {
    const { resolve } = this.#give;
    this.#give = Promise.withResolvers<void>();
    resolve();
  }
}

test('an answer goes out block by block, each with leave of its own', async (t) => {
  const gate = new Gate(1_000_000);
  const { peer, store } = await serve(t, {}, gate);
  await hold(store, film);
  const caller = await peer();
  const answer = caller.blocks([{ keys: film.keys, runs }]);
  for (let part = 0; part < 6; part++) {
    await gate.asked();
    gate.give();
  }
  const frames = await answer;
  t.is(frames.length, 1);
  const [last = 0, ...others] = gate.wanted.toReversed();
  t.deepEqual(
    others,
    Array.from({ length: 5 }, () => BLOCK_BYTES),
  );
  t.true(last < BLOCK_BYTES, 'the rest, with the seals');
  t.is(store.openHandles, 0);
});

test('blocks that are on their way wait for leave as well', async (t) => {
  const gate = new Gate(1_000_000);
  const { peer, store, board } = await serve(t, {}, gate);
  await hold(store, film, [0]);
  const posting: Posting = {
    segment: () => ({ standing: 'foreground', claims: [] }),
    isComing: (_, block) => block === 1,
    peers: () => [],
    called: () => undefined,
  };
  board.post(film.keys.segmentId, film.keys.proofKey, posting);
  const caller = await peer();
  void caller.blocks([{ keys: film.keys, runs }], 5000).catch(() => undefined);
  await gate.asked();
  t.is(gate.wanted.length, 1);
});

test('while nothing may be sent, peers are told to ask others', async (t) => {
  const gate = new Gate(0);
  const { peer, store } = await serve(t, {}, gate);
  await hold(store, film);
  const caller = await peer();
  const request = caller.blocksRequest([{ keys: film.keys, runs }]);
  t.is((await caller.request(request)).status, 503);
  t.deepEqual(gate.wanted, []);
  gate.rate = undefined;
  t.is((await caller.request(request)).status, 200);
});

test('whoever leaves while waiting for leave holds nothing', async (t) => {
  const gate = new Gate(100_000);
  const { peer, store, server } = await serve(t, {}, gate);
  await hold(store, film);
  const caller = await peer();
  void caller.blocks([{ keys: film.keys, runs }]).catch(() => undefined);
  await gate.asked();
  t.true(server.counters().bytesInFlight > 0);
  caller.socket.destroy();
  const other = await peer();
  const answer = other.blocks([{ keys: film.keys, runs }]);
  for (let part = 0; part < 6; part++) {
    await gate.asked();
    gate.give();
  }
  t.is((await answer).length, 1);
});

test('no more answers are begun than each can have a block of in a second', (t) => {
  const answers = new PacedAnswers(new Gate(3 * BLOCK_BYTES));
  const begun = [1, 2, 3].map(() => answers.begin(LAN));
  t.throws(() => answers.begin(LAN), { code: 'SERVER_BUSY' });
  begun[0]?.[Symbol.dispose]();
  t.notThrows(() => answers.begin(LAN));
  const slow = new PacedAnswers(new Gate(BLOCK_BYTES / 4));
  t.notThrows(() => slow.begin(LAN), 'one there always may be');
  t.throws(() => slow.begin(LAN), { code: 'SERVER_BUSY' });
});

test('users of this machine and a server without a limit wait for nothing', (t) => {
  t.is(new PacedAnswers(new Gate(0)).begin({ local: undefined }), undefined);
  t.is(new PacedAnswers(new Gate(undefined)).begin(LAN), undefined);
  t.is(new PacedAnswers(undefined).begin(LAN), undefined);
});
