import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BLOCK_BYTES, silentLog } from '@peer-cache/core';
import type { PeerAddress } from '@peer-cache/discovery';
import { Downloader, Progress } from '@peer-cache/download';
import { PeerIdentity } from '@peer-cache/protocol';
import { startServer } from '@peer-cache/server';
import { createMemoryBlockStore } from '@peer-cache/store';
import type { BlockStore } from '@peer-cache/store';
import test from 'ava';
import { described, describing, fill } from './helpers/described.ts';
import type { Described } from './helpers/described.ts';
import { startFaultyOrigin } from './helpers/faulty-origin.ts';
import { startOddPeer } from './helpers/odd-peer.ts';
import type { Oddity } from './helpers/odd-peer.ts';
import { contentOf, finderOf, temporaryFolder } from './helpers/parts.ts';

const log = silentLog;
const BLOCKS = 50;
const what = described(contentOf((BLOCKS - 1) * BLOCK_BYTES + 123));

function memoryStore(): BlockStore {
  return createMemoryBlockStore({}, { limitBytes: 2 ** 28 });
}

/** An honest peer with its real server; `hasBlock` says what it holds. */
async function startPeer(hasBlock?: (blockIndex: number) => boolean) {
  const store = memoryStore();
  await fill(store, what, hasBlock);
  const identity = PeerIdentity.create();
  const addresses = [{ host: '127.0.0.1', port: 0 }];
  return await startServer({ store, identity, log }, { addresses });
}

async function get(
  peers: readonly PeerAddress[],
  content: Described = what,
  store = memoryStore(),
) {
  await using origin = await startFaultyOrigin(describing(() => content));
  await using folder = await temporaryFolder();
  await using downloader = new Downloader({ store, finder: finderOf(...peers), log });
  const progress = new Progress();
  const failed: string[] = [];
  progress.on('source-failed', ({ sourceName }) => failed.push(sourceName));
  const path = join(folder.path, 'file');
  await downloader.getFile(`${origin.url}/file`, path, { progress });
  const isRight = (await readFile(path)).equals(content.bytes);
  const blockRequests = origin.requests.filter(({ headers }) => headers.accept === undefined);
  return { isRight, ...progress.bytes, failed, originRequests: blockRequests.length };
}

test('with nobody near, everything comes from the origin, once', async (t) => {
  const { isRight, origin, peers } = await get([]);
  t.true(isRight);
  t.is(origin, what.bytes.length);
  t.is(peers, 0);
});

test('what a neighbour has does not come from the origin', async (t) => {
  await using peer = await startPeer();
  const result = await get(peer.addresses);
  t.true(result.isRight);
  t.is(result.peers, what.bytes.length);
  t.is(result.originRequests, 0);
});

test('what neighbours lack, and only that, comes from the origin', async (t) => {
  await using peer = await startPeer((blockIndex) => blockIndex % 2 === 0);
  const result = await get(peer.addresses);
  t.true(result.isRight);
  t.is(result.peers, (BLOCKS / 2) * BLOCK_BYTES);
  t.is(result.origin + result.peers, what.bytes.length);
});

test('several neighbours give parts of one content', async (t) => {
  await using a = await startPeer((blockIndex) => blockIndex < 20);
  await using b = await startPeer((blockIndex) => blockIndex >= 20);
  const result = await get([...a.addresses, ...b.addresses]);
  t.true(result.isRight);
  t.is(result.originRequests, 0);
});

test('what is in the store comes from nowhere else', async (t) => {
  const store = memoryStore();
  await fill(store, what);
  const result = await get([], what, store);
  t.true(result.isRight);
  t.is(result.store, what.bytes.length);
  t.is(result.originRequests, 0);
});

test('blocks are on offer here as soon as they came', async (t) => {
  const store = memoryStore();
  await get([], what, store);
  const again = await get([], what, store);
  t.is(again.store, what.bytes.length);
});

test('a content of up to 1 KiB travels in the content information', async (t) => {
  for (const sizeBytes of [0, 1, 1024]) {
    const result = await get([], described(contentOf(sizeBytes)));
    t.true(result.isRight);
    t.is(result.originRequests, 0);
  }
});

/** With an honest neighbour beside, the origin gives nothing: the blocks it failed come from there. */
for (const oddity of [
  'lies',
  'breaks seals',
  'is silent',
  'dies in mid-block',
  'sends too little',
  'sends garbage',
  'sends nothing',
  'is busy',
  'drips',
] satisfies Oddity[]) {
  test(`a peer that ${oddity} does no harm beside one that is honest`, async (t) => {
    await using odd = await startOddPeer(oddity, what);
    await using honest = await startPeer();
    const result = await get([odd.address, ...honest.addresses]);
    t.true(result.isRight);
    t.is(result.originRequests, 0);
  });

  test(`a peer that ${oddity} costs no more than its blocks from the origin`, async (t) => {
    await using odd = await startOddPeer(oddity, what);
    await using partly = await startPeer((blockIndex) => blockIndex < 30);
    const result = await get([odd.address, ...partly.addresses]);
    t.true(result.isRight);
    t.true(result.origin <= what.bytes.length - 30 * BLOCK_BYTES);
  });
}

test('a peer that lied is not asked again', async (t) => {
  await using odd = await startOddPeer('lies', what);
  const result = await get([odd.address]);
  t.true(result.isRight);
  t.is(odd.asked(), 1);
});

test('a content that changes at the origin comes in its new version only', async (t) => {
  const changed = described(contentOf(what.bytes.length, 9), '"two"');
  let current = what;
  await using origin = await startFaultyOrigin((request, response, count) => {
    // The content changes between its description and its blocks.
    if (count === 1) current = changed;
    describing(() => current)(request, response, count);
  });
  await using folder = await temporaryFolder();
  await using downloader = new Downloader({ store: memoryStore(), finder: finderOf(), log });
  const path = join(folder.path, 'file');
  const { digest } = await downloader.getFile(`${origin.url}/file`, path);
  t.true((await readFile(path)).equals(changed.bytes));
  t.is(Buffer.compare(digest ?? Buffer.of(), changed.information.digest), 0);
});

test('content information that stays stale is left aside, with a warning', async (t) => {
  const other = contentOf(what.bytes.length, 5);
  const stale: Described = { ...what, bytes: other };
  await using origin = await startFaultyOrigin(describing(() => stale));
  await using folder = await temporaryFolder();
  await using downloader = new Downloader({ store: memoryStore(), finder: finderOf(), log });
  const progress = new Progress();
  const warnings: string[] = [];
  progress.on('download-warned', ({ code }) => warnings.push(code));
  const path = join(folder.path, 'file');
  await downloader.getFile(`${origin.url}/file`, path, { progress });
  t.true((await readFile(path)).equals(other));
  t.true(warnings.includes('CONTENT_INFORMATION_STALE'));
});

test('a content streams in order, from peers and origin alike', async (t) => {
  await using peer = await startPeer((blockIndex) => blockIndex % 3 === 0);
  await using origin = await startFaultyOrigin(describing(() => what));
  const finder = finderOf(...peer.addresses);
  await using downloader = new Downloader({ store: memoryStore(), finder, log });
  const pieces: Uint8Array[] = [];
  for await (const piece of downloader.stream(`${origin.url}/file`)) pieces.push(piece);
  t.true(Buffer.concat(pieces).equals(what.bytes));
});

test('a download that is given up leaves nothing behind', async (t) => {
  await using origin = await startFaultyOrigin(describing(() => what));
  await using folder = await temporaryFolder();
  await using downloader = new Downloader({ store: memoryStore(), finder: finderOf(), log });
  const progress = new Progress();
  const leave = new AbortController();
  progress.on('bytes-received', () => leave.abort());
  const options = { progress, signal: leave.signal };
  await t.throwsAsync(downloader.getFile(`${origin.url}/file`, join(folder.path, 'file'), options));
  await t.throwsAsync(readFile(join(folder.path, 'file')), { code: 'ENOENT' });
});
