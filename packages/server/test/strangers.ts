import { proofOf } from '@peer-cache/core';
import test from 'ava';
import { makeSegment } from './helpers/content.ts';
import type { Answer, RawPeer } from './helpers/raw-peer.ts';
import { hold, put, serve } from './helpers/serve.ts';

const BLOCK = 65_536;
const held = makeSegment('held', 2 * BLOCK);
const absent = makeSegment('absent', 2 * BLOCK);
const noProof = Buffer.alloc(16, 5);
const runs = [{ firstBlock: 0, count: 2 }];

/** An answer without the one header that tells the time. */
function told({ status, headers, body }: Answer): unknown {
  return { status, headers: [...headers].filter(([name]) => name !== 'date'), body };
}

test('a segment that is here and one that is not are answered alike without a proof', async (t) => {
  const { peer, store } = await serve(t);
  await hold(store, held);
  const caller = await peer();
  const answers = [];
  const calls = [];
  for (const { keys } of [held, absent]) {
    store.calls.length = 0;
    const ask = { keys, proof: noProof, wantsBlockHashList: true, wasDamaged: true, runs };
    answers.push([
      told(await caller.request(caller.stateRequest(0, [ask]))),
      told(await caller.request(caller.blocksRequest([ask]))),
    ]);
    calls.push([...store.calls]);
  }
  t.deepEqual(answers[0], answers[1]);
  t.deepEqual(calls, [
    ['proofKeyOf', 'proofKeyOf'],
    ['proofKeyOf', 'proofKeyOf'],
  ]);
});

test('a right proof for a segment that is not here is answered like a wrong one', async (t) => {
  const { peer, store } = await serve(t);
  const caller = await peer();
  const right = await caller.request(caller.blocksRequest([{ keys: absent.keys, runs }]));
  const ask = { keys: absent.keys, proof: noProof, runs };
  const wrong = await caller.request(caller.blocksRequest([ask]));
  t.deepEqual(told(right), told(wrong));
  t.deepEqual(store.calls, ['proofKeyOf', 'proofKeyOf']);
});

test('without a proof a wait is not ended by what happens to the segment', async (t) => {
  const { peer, store } = await serve(t);
  const stored = await hold(store, held, [0]);
  const caller = await peer();
  const waiting = caller.state(300, [{ keys: held.keys, proof: noProof }]);
  const startMs = performance.now();
  while (store.calls.length === 0) await new Promise(setImmediate);
  await put(stored, held, [1]);
  t.deepEqual((await waiting).segments, []);
  t.true(performance.now() - startMs > 250);
});

test('proofs are good for one connection and one direction', async (t) => {
  const { peer, store } = await serve(t);
  await hold(store, held);
  const [one, other] = await Promise.all([peer(), peer()]);
  const { keys } = held;
  t.is((await one.blocks([{ keys, runs }])).length, 1);
  t.is((await other.blocks([{ keys, runs, proof: one.proof(keys) }])).length, 0);
  const [state] = (await one.state(0, [{ keys }])).segments;
  t.is((await one.blocks([{ keys, runs, proof: state?.proof ?? noProof }])).length, 0);
  t.is((await one.blocks([{ keys, runs, proof: asServer(one) }])).length, 0);
});

test('a wrong proof does not pass because a right one did before', async (t) => {
  const { peer, store } = await serve(t);
  await hold(store, held);
  const caller = await peer();
  t.is((await caller.blocks([{ keys: held.keys, runs }])).length, 1);
  t.is((await caller.blocks([{ keys: held.keys, runs, proof: noProof }])).length, 0);
});

test('a segment past its time is answered like one that is not here', async (t) => {
  const { peer, store } = await serve(t);
  await hold(store, held);
  const caller = await peer();
  t.is((await caller.blocks([{ keys: held.keys, runs }])).length, 1);
  store.proofKeyOf = () => undefined;
  t.is((await caller.blocks([{ keys: held.keys, runs }])).length, 0);
  t.is((await (await peer()).blocks([{ keys: held.keys, runs }])).length, 0);
});

test('who has too many proofs checked in vain is sent away, here or not alike', async (t) => {
  const { peer, store, server } = await serve(t, { failedProofsPerSecond: 1 });
  await hold(store, held);
  const caller = await peer();
  const asks = Array.from({ length: 3 }, () => ({ keys: held.keys, proof: noProof, runs }));
  t.is((await caller.request(caller.blocksRequest(asks))).status, 200);
  const sentAway = await caller.request(caller.blocksRequest(asks));
  t.is(sentAway.status, 503);
  t.true(sentAway.headers.has('peer-cache-retry-ms'));
  t.is(server.counters().busyAnswers, 1);
});

function asServer({ nonces }: RawPeer): Uint8Array {
  if (nonces === undefined) throw new TypeError('no hello yet');
  return proofOf(held.keys.proofKey, 'server', nonces, held.keys.segmentId);
}
