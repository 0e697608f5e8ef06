import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Board, Posting } from '@peer-cache/ownership';
import test from 'ava';
import { makeSegment } from './helpers/content.ts';
import type { TestSegment } from './helpers/content.ts';
import { hold, put, serve } from './helpers/serve.ts';

const BLOCK = 65_536;
const film = makeSegment('film', 5 * BLOCK + 1);
const runs = [{ firstBlock: 0, count: 6 }];

/** Posts a download of a segment, of which these blocks are on their way. */
function post(board: Board, { keys }: TestSegment, coming: Set<number>) {
  const called: number[] = [];
  const posting: Posting = {
    segment: () => ({
      standing: 'foreground',
      claims: [{ runIndex: 0, kind: 'own', receivedBytes: 5 }],
    }),
    isComing: (_, block) => coming.has(block),
    peers: () => [],
    called: ({ port }) => void called.push(port),
  };
  return { called, posted: board.post(keys.segmentId, keys.proofKey, posting) };
}

/** Resolves when a request holds the segment. */
async function isAsked(store: { readonly openHandles: number }): Promise<void> {
  while (store.openHandles < 1) await nextTurn();
}

test('blocks that are on their way are sent as they arrive, in order', async (t) => {
  const { peer, store, board } = await serve(t);
  const stored = await hold(store, film, [0]);
  post(board, film, new Set([1, 2]));
  const caller = await peer();
  const asked = caller.blocks([{ keys: film.keys, runs }], 5000);
  await isAsked(store);
  await put(stored, film, [2]);
  await put(stored, film, [1]);
  const frames = await asked;
  t.deepEqual(
    frames.map(({ header }) => header.firstBlock),
    [0, 1, 2],
  );
});

test('who does not wait gets what is here, and so does who waits for nothing', async (t) => {
  const { peer, store, board } = await serve(t);
  await hold(store, film, [0, 5]);
  const coming = new Set([1]);
  post(board, film, coming);
  const caller = await peer();
  t.is((await caller.blocks([{ keys: film.keys, runs }])).length, 2);
  coming.clear();
  t.is((await caller.blocks([{ keys: film.keys, runs }], 5000)).length, 2);
});

test('a block that does not come after all ends the connection', async (t) => {
  const { peer, store, board } = await serve(t);
  await hold(store, film, [0]);
  const coming = new Set([1]);
  post(board, film, coming);
  const caller = await peer();
  const asked = caller.blocks([{ keys: film.keys, runs }], 5000);
  await isAsked(store);
  coming.clear();
  board.changed(Buffer.from(film.keys.segmentId).toString('hex'), { isUrgent: true });
  await t.throwsAsync(asked);
  t.is(store.openHandles, 0);
});

test('a block that takes longer than the caller waits ends the connection', async (t) => {
  const { peer, store, board } = await serve(t);
  await hold(store, film, [0]);
  post(board, film, new Set([1]));
  const caller = await peer();
  await t.throwsAsync(caller.blocks([{ keys: film.keys, runs }], 50));
});

test('nobody learns of a segment that is worked on without a proof', async (t) => {
  const { peer, board } = await serve(t);
  post(board, film, new Set([1]));
  const caller = await peer();
  const proof = Buffer.alloc(16);
  t.deepEqual((await caller.state(0, [{ keys: film.keys, proof }])).segments, []);
  t.deepEqual(await caller.blocks([{ keys: film.keys, runs, proof }], 5000), []);
});

test('state tells of a download of which nothing is here yet, and its caller is noted', async (t) => {
  const { connect, board } = await serve(t);
  const { called, posted } = post(board, film, new Set());
  const caller = await connect();
  await caller.hello(7777);
  const { segments } = await caller.state(0, [{ keys: film.keys }]);
  t.like(segments[0], { standing: 'foreground', hasBlockHashList: false });
  t.deepEqual(segments[0]?.claims, [{ runIndex: 0, kind: 'own', receivedBytes: 5 }]);
  t.deepEqual(called, [7777]);
  posted[Symbol.dispose]();
  t.deepEqual((await caller.state(0, [{ keys: film.keys }])).segments, []);
});

test('what is urgent is told before what is no hurry', async (t) => {
  const { peer, store, board } = await serve(t);
  const stored = await hold(store, film, [0]);
  const name = Buffer.from(film.keys.segmentId).toString('hex');
  post(board, film, new Set());
  const caller = await peer();
  const first = (await caller.state(0, [{ keys: film.keys }])).segments[0]?.version ?? 0;
  const waiting = caller.state(10_000, [{ keys: film.keys, knownVersion: first }]);
  await put(stored, film, [1]);
  board.changed(name, { isUrgent: true });
  const { segments } = await waiting;
  // Both in one answer.
  t.is(segments[0]?.version, stored.version + board.versionOf(name));
});
