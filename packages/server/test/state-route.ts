import { BlockSet, isProof, segmentKeysOf } from '@peer-cache/core';
import { encodeHelloRequest, STATE_PATH } from '@peer-cache/protocol';
import type { StoredSegment } from '@peer-cache/store';
import test from 'ava';
import { makeSegment } from './helpers/content.ts';
import { hold, put, serve } from './helpers/serve.ts';

const BLOCK = 65_536;
const film = makeSegment('film', 5 * BLOCK + 1);
const long = makeSegment('long', 40 * BLOCK);
const song = makeSegment('song', 2 * BLOCK);
const other = makeSegment('other', BLOCK);

test('state tells blocks and block hash list, and proves that the server knows the segment', async (t) => {
  const { peer, store } = await serve(t);
  const stored = await hold(store, film, [0, 2, 5]);
  const caller = await peer();
  const { segments } = await caller.state(1000, [{ keys: song.keys }, { keys: film.keys }]);
  const [state] = segments;
  t.like(state, { index: 1, version: stored.version, hasBlockHashList: true });
  const blocks = BlockSet.fromBytes(6, state?.blocks ?? new Uint8Array());
  t.deepEqual(
    [0, 1, 2, 3, 4, 5].filter((block) => blocks.has(block)),
    [0, 2, 5],
  );
  const { nonces } = caller;
  const { proofKey, segmentId } = film.keys;
  t.true(
    nonces && isProof(state?.proof ?? new Uint8Array(), proofKey, 'server', nonces, segmentId),
  );
  t.is(segments.length, 1);
  t.is(store.openHandles, 0);
});

test('what is known already is not told again until it changes', async (t) => {
  const { peer, store } = await serve(t);
  const stored = await hold(store, film, [0]);
  const caller = await peer();
  const known = [{ keys: film.keys, knownVersion: stored.version }];
  t.deepEqual((await caller.state(0, known)).segments, []);
  const waiting = caller.state(10_000, known);
  await put(stored, film, [1]);
  const { segments } = await waiting;
  t.is(segments[0]?.version, stored.version);
});

test.serial('a waiting request is answered as soon as there is a change', async (t) => {
  const { peer, store } = await serve(t);
  const stored = await hold(store, film, []);
  const caller = await peer();
  let knownVersion = stored.version;
  const lags: number[] = [];
  for (let block = 0; block < 5; block++) {
    const waiting = caller.state(10_000, [{ keys: film.keys, knownVersion }]);
    await until(() => store.events.listenerCount('segment-changed') > 0 && store.openHandles === 0);
    const putMs = performance.now();
    await put(stored, film, [block]);
    knownVersion = (await waiting).segments[0]?.version ?? 0;
    lags.push(performance.now() - putMs);
  }
  t.log(lags.map((lag) => lag.toFixed(1)).join(' '), 'ms');
  // Within 100 ms by design; the best of five tells it even on a machine that is busy.
  t.true(Math.min(...lags) < 100);
  t.true(Math.max(...lags) < 5000);
});

test('changes in quick succession are told in few answers, 50 ms apart', async (t) => {
  const { peer, store } = await serve(t);
  const stored = await hold(store, long, []);
  const caller = await peer();
  let knownVersion = stored.version;
  let answers = 0;
  const lastVersion = stored.version + 40;
  const startMs = performance.now();
  const putting = putOneByOne(stored, 40);
  for (; knownVersion !== lastVersion; answers++) {
    const { segments } = await caller.state(10_000, [{ keys: long.keys, knownVersion }]);
    knownVersion = segments[0]?.version ?? 0;
  }
  await putting;
  const tookMs = performance.now() - startMs;
  t.log(`${answers} answers in ${tookMs.toFixed(0)} ms for 40 changes`);
  t.true(answers <= Math.ceil(tookMs / 50) + 1);
});

test('requests sent ahead on one connection do not make answers come faster', async (t) => {
  const { peer, store } = await serve(t, { stateIntervalMs: 100 });
  await hold(store, film, [0]);
  const caller = await peer();
  const request = caller.stateRequest(0, [{ keys: film.keys }]);
  const startMs = performance.now();
  for (let count = 0; count < 3; count++) caller.send(request);
  for (let count = 0; count < 3; count++) await caller.answer();
  t.true(performance.now() - startMs >= 190);
});

test('a request waits no longer than it asks to', async (t) => {
  const { peer, store } = await serve(t);
  const stored = await hold(store, film, [0]);
  const caller = await peer();
  const startMs = performance.now();
  const known = [{ keys: film.keys, knownVersion: stored.version }, { keys: song.keys }];
  const { segments } = await caller.state(120, known);
  t.deepEqual(segments, []);
  const tookMs = performance.now() - startMs;
  t.true(tookMs >= 115 && tookMs < 5000, String(tookMs));
});

test('a segment that comes while the request waits is told', async (t) => {
  const { peer, store } = await serve(t);
  const caller = await peer();
  const waiting = caller.state(10_000, [{ keys: song.keys }, { keys: film.keys }]);
  await until(() => store.calls.length === 2);
  await hold(store, other);
  await hold(store, film, [3]);
  const { segments } = await waiting;
  t.like(segments[0], { index: 1 });
});

test('a segment that went is not told', async (t) => {
  const { peer, store } = await serve(t);
  const stored = await hold(store, film, [0]);
  const caller = await peer();
  t.is((await caller.state(0, [{ keys: film.keys }])).segments.length, 1);
  stored[Symbol.dispose]();
  await store.clear();
  t.is((await caller.state(0, [{ keys: film.keys }])).segments.length, 0);
});

test('a malformed request gets a bare status', async (t) => {
  const { peer } = await serve(t);
  const caller = await peer();
  const body = encodeHelloRequest({ versions: [1], clientNonce: Buffer.alloc(16), port: 0 });
  const answer = await caller.request({ path: STATE_PATH, body });
  t.deepEqual([answer.status, answer.body.length], [400, 0]);
  await caller.closed();
});

test('keys of another server secret prove nothing', async (t) => {
  const { peer, store } = await serve(t);
  await hold(store, film);
  const keys = segmentKeysOf({ ...film.entry, segmentSecret: Buffer.alloc(32, 9) });
  const caller = await peer();
  const forged = { ...keys, segmentId: film.keys.segmentId };
  t.deepEqual((await caller.state(0, [{ keys: forged }])).segments, []);
});

async function putOneByOne(stored: StoredSegment, count: number): Promise<void> {
  for (let block = 0; block < count; block++) {
    await put(stored, long, [block]);
    await pause(5);
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await pause(1);
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
