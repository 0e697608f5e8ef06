import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BLOCK_BYTES, DAY_MS, silentLog } from '@peer-cache/core';
import {
  BLOCKS_PATH,
  decodeFoundPeers,
  decodeKeepAnswer,
  encodeFindRequest,
  encodeKeepRequest,
  MACHINE_FIND_PATH,
  MACHINE_KEEP_PATH,
  MOST_KEEP_BYTES,
  PeerIdentity,
} from '@peer-cache/protocol';
import type { KeepAnswer, KeepRequest, LanLookup, LanPeer } from '@peer-cache/protocol';
import { createMemoryBlockStore } from '@peer-cache/store';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { startMachineServer } from '../src/index.ts';
import type { LanFinder, ServerLimits } from '../src/index.ts';
import { makeSegment } from './helpers/content.ts';
import type { TestSegment } from './helpers/content.ts';
import { RawPeer } from './helpers/raw-peer.ts';
import { serve } from './helpers/serve.ts';

const NOW_MS = 1_800_000_000_000;
const SEGMENT = makeSegment('machine', 3 * BLOCK_BYTES + 7);

interface ServingOptions {
  readonly limits?: Partial<ServerLimits>;
  readonly limitBytes?: number;
  readonly lan?: readonly LanPeer[];
}

async function serveUsers(
  t: ExecutionContext,
  { limits = {}, limitBytes = 2 ** 26, lan = [] }: ServingOptions = {},
) {
  const stack = new AsyncDisposableStack();
  t.teardown(() => stack.disposeAsync());
  const folder = await mkdtemp(join(tmpdir(), 'peer-cache-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const asked: LanLookup[] = [];
  const finder: LanFinder = {
    async *find(lookups) {
      asked.push(...lookups);
      for (const { host, port, holds } of lan) yield { address: { host, port }, holds };
    },
  };
  const socketPath = join(folder, 'machine.sock');
  const store = stack.use(createMemoryBlockStore({ now: () => NOW_MS }, { limitBytes }));
  const identity = new PeerIdentity(Buffer.alloc(32, 3));
  const parts = { store, identity, finder, log: silentLog, wallNow: () => NOW_MS };
  const server = stack.use(await startMachineServer(parts, { socketPath, limits }));
  const connect = async (): Promise<RawPeer> => stack.use(await RawPeer.openLocal(socketPath));
  return { server, store, socketPath, asked, connect };
}

function keepOf(
  segment: TestSegment,
  blocks: readonly number[],
  changes: Partial<KeepRequest> = {},
): KeepRequest {
  const { entry, sizeBytes, blockHashList } = segment;
  return {
    entry,
    sizeBytes,
    serveUntilMs: NOW_MS + DAY_MS,
    blockHashList,
    blocks: blocks.map((index) => ({ blockIndex: index, bytes: segment.block(index).bytes })),
    ...changes,
  };
}

async function tell(peer: RawPeer, request: KeepRequest): Promise<KeepAnswer> {
  const body = encodeKeepRequest(request);
  const answer = await peer.request({ path: MACHINE_KEEP_PATH, body });
  if (answer.status !== 200) throw new Error(`status ${answer.status}`);
  return decodeKeepAnswer(answer.body);
}

async function statusOf(peer: RawPeer, request: KeepRequest): Promise<number> {
  const body = encodeKeepRequest(request);
  return (await peer.request({ path: MACHINE_KEEP_PATH, body })).status;
}

test('every user may use the socket', async (t) => {
  const { socketPath } = await serveUsers(t);
  t.is((await stat(socketPath)).mode & 0o777, 0o666);
});

test('what one user hands over, another gets for the same proofs as any peer', async (t) => {
  const { connect, server } = await serveUsers(t);
  const answer = await tell(await connect(), keepOf(SEGMENT, [0, 1, 2, 3]));
  t.deepEqual(answer, { hasBlockHashList: true, blocks: Uint8Array.of(0b1111) });
  const other = await connect();
  await other.hello();
  const frames = await other.blocks([
    { keys: SEGMENT.keys, runs: [{ firstBlock: 0, count: 4 }], wantsBlockHashList: true },
  ]);
  t.is(frames.length, 2);
  t.is(server.counters().servedBytes, SEGMENT.sizeBytes);
});

test('who proves nothing gets nothing, though the segment is there', async (t) => {
  const { connect } = await serveUsers(t);
  await tell(await connect(), keepOf(SEGMENT, [0, 1, 2, 3]));
  const other = await connect();
  t.is((await other.request({ path: BLOCKS_PATH })).status, 428);
  await other.hello();
  const proof = Buffer.alloc(16);
  t.deepEqual(await other.blocks([{ keys: SEGMENT.keys, proof, wantsBlockHashList: true }]), []);
  t.deepEqual((await other.state(0, [{ keys: SEGMENT.keys, proof }])).segments, []);
});

test('a question without a list makes nothing and tells what is there', async (t) => {
  const { connect, store } = await serveUsers(t);
  const peer = await connect();
  const question = keepOf(SEGMENT, [], { blockHashList: undefined });
  const nothing = { hasBlockHashList: false, blocks: new Uint8Array() };
  t.deepEqual(await tell(peer, question), nothing);
  t.deepEqual(await tell(peer, keepOf(SEGMENT, [1], { blockHashList: undefined })), nothing);
  t.is(store.segments().length, 0);
  await tell(peer, keepOf(SEGMENT, [1]));
  t.deepEqual(await tell(peer, question), {
    hasBlockHashList: true,
    blocks: Uint8Array.of(0b10),
  });
});

test('a wrong block is not kept, nor what came with it, and ends the connection', async (t) => {
  const { connect, store } = await serveUsers(t);
  const peer = await connect();
  const [right, wrong] = keepOf(SEGMENT, [0, 1]).blocks;
  if (right === undefined || wrong === undefined) throw new RangeError();
  const flipped = Uint8Array.from(wrong.bytes);
  flipped.set([Number(flipped[9]) ^ 1], 9);
  const blocks = [right, { ...wrong, bytes: flipped }];
  t.is(await statusOf(peer, keepOf(SEGMENT, [], { blocks })), 400);
  await peer.closed();
  using segment = store.find(SEGMENT.keys.segmentId);
  t.is(segment?.blocks.size, 0);
});

test('a wrong list makes no segment, whatever else is right', async (t) => {
  const { connect, store } = await serveUsers(t);
  const other = makeSegment('other', SEGMENT.sizeBytes);
  const { blockHashList } = other;
  t.is(await statusOf(await connect(), keepOf(SEGMENT, [0], { blockHashList })), 400);
  const shorter = { sizeBytes: SEGMENT.sizeBytes - 1, blocks: [] };
  t.is(await statusOf(await connect(), keepOf(SEGMENT, [], shorter)), 400);
  t.is(store.segments().length, 0);
});

test('another secret makes another segment: an ID certifies its bytes', async (t) => {
  const { connect, store } = await serveUsers(t);
  const peer = await connect();
  const entry = { ...SEGMENT.entry, segmentSecret: Buffer.alloc(32, 9) };
  await tell(peer, keepOf(SEGMENT, [0, 1, 2, 3], { entry }));
  t.is(store.proofKeyOf(SEGMENT.keys.segmentId), undefined);
  await tell(peer, keepOf(SEGMENT, [0]));
  t.is(store.segments().length, 2);
});

test('nobody has a segment served longer than content information is believed', async (t) => {
  const { connect, store } = await serveUsers(t);
  const serveUntilMs = Number.MAX_SAFE_INTEGER;
  await tell(await connect(), keepOf(SEGMENT, [0], { serveUntilMs }));
  t.is(store.segments()[0]?.serveUntilMs, NOW_MS + 28 * DAY_MS);
});

test('a body longer than a message may be is refused unread', async (t) => {
  const { connect } = await serveUsers(t);
  const peer = await connect();
  const headers = { 'content-length': String(MOST_KEEP_BYTES + 1) };
  const { status } = await peer.request({ path: MACHINE_KEEP_PATH, headers });
  t.is(status, 413);
  await peer.closed();
});

test('no more is taken in at a time than may be in flight', async (t) => {
  const { connect } = await serveUsers(t, { limits: { bytesInFlightPerHost: BLOCK_BYTES } });
  const peer = await connect();
  t.is(await statusOf(peer, keepOf(SEGMENT, [0, 1])), 503);
  t.is(await statusOf(await connect(), keepOf(SEGMENT, [])), 200);
});

test('a store without room is busy, and what was in it stays until it is old', async (t) => {
  const { connect, store } = await serveUsers(t, { limitBytes: BLOCK_BYTES });
  t.is(await statusOf(await connect(), keepOf(SEGMENT, [0])), 503);
  t.true(store.usage().usedBytes <= BLOCK_BYTES);
});

test('the machine agent asks the LAN for whoever asks it, and passes answers on', async (t) => {
  const lan = [
    { host: '10.0.0.7', port: 7690, holds: [0] },
    { host: 'fd00::7', port: 7691, holds: undefined },
  ];
  const { socketPath, asked } = await serveUsers(t, { lan });
  const { segmentId, proofKey } = SEGMENT.keys;
  const { peers } = await find(socketPath, [{ segmentId, proofKey }]);
  t.deepEqual(peers, lan);
  t.deepEqual(asked, [
    { segmentId: Uint8Array.from(segmentId), proofKey: Uint8Array.from(proofKey) },
  ]);
});

test('finds that come too fast are put off', async (t) => {
  const { socketPath } = await serveUsers(t);
  const { segmentId, proofKey } = SEGMENT.keys;
  let status: number | undefined = 200;
  for (let count = 0; status === 200 && count < 1000; count++) {
    ({ status } = await find(socketPath, [{ segmentId, proofKey }]));
  }
  t.is(status, 503);
});

test('what a web page sends, and a Host of somewhere else, is refused here too', async (t) => {
  const { connect } = await serveUsers(t);
  const body = encodeFindRequest({ lookups: [] });
  for (const headers of [{ origin: 'http://evil.example' }, { host: '127.0.0.1:80' }]) {
    const peer = await connect();
    t.is((await peer.request({ path: MACHINE_FIND_PATH, body, headers })).status, 403);
  }
});

test('the LAN port has no place for what others fetched', async (t) => {
  const { peer } = await serve(t);
  const caller = await peer();
  for (const path of [MACHINE_KEEP_PATH, MACHINE_FIND_PATH]) {
    const body = encodeKeepRequest(keepOf(SEGMENT, []));
    const { status } = await (path === MACHINE_KEEP_PATH ? caller : await peer()).request({
      path,
      body,
    });
    t.is(status, 404);
  }
});

/** Status and body of a find, which comes in pieces as answers come. */
async function find(
  socketPath: string,
  lookups: readonly LanLookup[],
): Promise<{ readonly status: number | undefined; readonly peers: readonly LanPeer[] }> {
  const headers = {
    host: 'localhost',
    'peer-cache-version': '1',
    'content-type': 'application/cbor',
  };
  const options = { socketPath, path: MACHINE_FIND_PATH, method: 'POST', headers };
  const asking = httpRequest(options).end(encodeFindRequest({ lookups }));
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  asking.once('response', resolve).once('error', reject);
  const response = await promise;
  const bytes = Buffer.concat(await response.toArray());
  return { status: response.statusCode, peers: decodeFoundPeers(bytes).peers };
}
