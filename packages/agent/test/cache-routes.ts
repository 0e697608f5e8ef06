import {
  BLOCK_BYTES,
  hash,
  MIB,
  segmentHashOf,
  segmentKeysOf,
  segmentSecretOf,
  serverSecretFrom,
  verifyBlock,
} from '@peer-cache/core';
import type { CachePage, CacheSegment } from '@peer-cache/protocol';
import { createMemoryBlockStore } from '@peer-cache/store';
import type { BlockStore } from '@peer-cache/store';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Value } from 'typebox/value';
import { CACHE_PAGE, CACHE_SEGMENT } from '../src/control/agent-schemas.ts';
import { StoreControl } from '../src/store-control.ts';
import { collect } from './helpers/collect.ts';
import { controlCall, jsonCall } from './helpers/control-call.ts';
import { serveControl } from './helpers/controlled-agent.ts';

const SECRET = serverSecretFrom(Buffer.alloc(32, 7));
const NOW_MS = 1_000_000;

/** Stores a segment of one block; returns its ID. */
async function storeOne(store: BlockStore, number: number): Promise<string> {
  const bytes = Buffer.alloc(BLOCK_BYTES, number);
  const blockHash = hash(bytes);
  const segmentHash = segmentHashOf(bytes.length, blockHash);
  const entry = { segmentHash, segmentSecret: segmentSecretOf(SECRET, segmentHash) };
  using segment = store.open({ entry, sizeBytes: bytes.length, serveUntilMs: 2 * NOW_MS });
  await segment.putBlockHashList(blockHash);
  await segment.put([{ block: verifyBlock(0, bytes, blockHash) }]);
  return Buffer.from(segmentKeysOf(entry).segmentId).toString('hex');
}

async function serveStore(t: ExecutionContext, count: number) {
  const store = createMemoryBlockStore({ now: () => NOW_MS }, { limitBytes: 64 * MIB });
  const ids: string[] = [];
  for (let number = 0; number < count; number++) ids.push(await storeOne(store, number));
  const cache = new StoreControl(store);
  return { store, cache, ids: ids.toSorted(), socketPath: await serveControl(t, { cache }) };
}

test('the segments are listed page by page in order of their IDs', async (t) => {
  const { socketPath, ids } = await serveStore(t, 5);
  const seen: CacheSegment[] = [];
  let query = '?limit=2';
  for (let pages = 0; pages < 3; pages++) {
    const { text } = await controlCall(socketPath, `/v1/cache${query}`);
    const page: CachePage = JSON.parse(text);
    t.true(Value.Check(CACHE_PAGE, page));
    t.is(page.total, 5);
    seen.push(...page.segments);
    query = `?limit=2&after=${page.next}`;
    t.is(page.next === undefined, pages === 2);
  }
  t.deepEqual(
    seen.map(({ segmentId }) => segmentId),
    ids,
  );
  t.like(seen[0], { sizeBytes: BLOCK_BYTES, lastUsedMs: NOW_MS, serveUntilMs: 2 * NOW_MS });
});

test('a segment is pinned by the start of its ID, and then survives clearing', async (t) => {
  const { socketPath, store, ids } = await serveStore(t, 3);
  const segmentId = ids[1]?.slice(0, 8);
  const pin = await jsonCall(socketPath, 'POST', '/v1/cache/pin', { segmentId, isPinned: true });
  t.is(pin.status, 200);
  t.true(Value.Check(CACHE_SEGMENT, pin.value));
  t.like(pin.value, { segmentId: ids[1], isPinned: true });
  const cleared = await jsonCall(socketPath, 'POST', '/v1/cache/clear');
  const freedBytes = 3 * (BLOCK_BYTES + 16 + 32) - store.usage().usedBytes;
  t.deepEqual(cleared.value, { removedSegments: 2, freedBytes, keptSegments: 1 });
  t.is(store.segments().length, 1);
  await jsonCall(socketPath, 'POST', '/v1/cache/pin', { segmentId, isPinned: false });
  const rest = await jsonCall(socketPath, 'POST', '/v1/cache/clear');
  t.like(rest.value, { removedSegments: 1, keptSegments: 0 });
});

test('a segment that is not there, or may be two, is not pinned', async (t) => {
  const { socketPath, store, ids } = await serveStore(t, 1);
  const path = '/v1/cache/pin';
  const none = { segmentId: '00000000', isPinned: true };
  const absent = await jsonCall(socketPath, 'POST', path, none);
  t.is(absent.status, 404);
  t.like(absent.value, { code: 'SEGMENT_NOT_FOUND' });
  const short = await jsonCall(socketPath, 'POST', path, { segmentId: 'abc', isPinned: true });
  t.is(short.status, 400);
  const [facts] = store.segments();
  const segments = (): ReturnType<BlockStore['segments']> => (facts ? [facts, facts] : []);
  const twins = new StoreControl({ ...store, segments });
  const segmentId = ids[0]?.slice(0, 8) ?? '';
  t.throws(() => twins.setPinned({ segmentId, isPinned: true }), { code: 'SEGMENT_AMBIGUOUS' });
});

test('verifying tells how many blocks were checked and how many were damaged', async (t) => {
  const { socketPath } = await serveStore(t, 4);
  const { status, text } = await controlCall(socketPath, '/v1/cache/verify', { method: 'POST' });
  t.is(status, 200);
  const last: unknown = JSON.parse(text.trim().split('\n').at(-1) ?? '');
  t.deepEqual(last, { event: 'done', checkedBlocks: 4, damagedBlocks: 0 });
});

test('verifying ends with its caller', async (t) => {
  const { cache } = await serveStore(t, 2);
  const events = await collect(cache.verify({ signal: AbortSignal.abort() }));
  t.like(events, [{ event: 'failed', code: 'CANCELLED' }]);
});
