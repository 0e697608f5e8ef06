import { silentLog } from '@peer-cache/core';
import test from 'ava';
import { openFixedFinder } from '../src/index.ts';
import type { Finder, SegmentLookup } from '../src/index.ts';
import { finderContract } from './finder-contract.ts';
import { findAll } from './helpers/find-all.ts';
import { lookupsFor, segments } from './helpers/segments.ts';

const LOOKUPS = lookupsFor(segments('fixed', 2));

finderContract(test, 'fixed peers', async () => {
  const peers = ['10.0.0.1:7001', '[fd00::1]:7002', 'localhost:7003'];
  return { finder: await openFixedFinder({ log: silentLog }, { peers }), lookups: LOOKUPS };
});

test('addresses are given as they are written, names as they are resolved', async (t) => {
  const peers = ['10.0.0.1:7001', '[fd00::1]:443', 'cache.example:80'];
  await using finder = await openFixedFinder({ log: silentLog, resolve: byName }, { peers });
  t.deepEqual((await addressesFrom(finder)).toSorted(), [
    '10.0.0.1 7001',
    '10.0.0.5 80',
    'fd00::1 443',
    'fd00::5 80',
  ]);
});

test('a name is resolved again after a minute, and its last addresses serve meanwhile', async (t) => {
  let nowMs = 0;
  let addresses: string[] | undefined = ['10.0.0.1'];
  let asked = 0;
  const resolve = async (): Promise<string[]> => {
    asked++;
    if (addresses === undefined) throw new Error('no name server');
    return addresses;
  };
  const parts = { log: silentLog, resolve, now: () => nowMs };
  await using finder = await openFixedFinder(parts, { peers: ['cache.example:7001'] });
  t.deepEqual(await addressesFrom(finder), ['10.0.0.1 7001']);
  addresses = ['10.0.0.2'];
  t.deepEqual(await addressesFrom(finder), ['10.0.0.1 7001']);
  t.is(asked, 1);
  nowMs = 60_000;
  t.deepEqual(await addressesFrom(finder), ['10.0.0.2 7001']);
  nowMs = 120_000;
  addresses = undefined;
  t.deepEqual(await addressesFrom(finder), ['10.0.0.2 7001']);
  t.is(asked, 3);
});

test('a name server that never answers holds nobody up', async (t) => {
  const peers = ['slow.example:7001', '10.0.0.1:7001'];
  await using finder = await openFixedFinder({ log: silentLog, resolve: never }, { peers });
  const left = new AbortController();
  const found: string[] = [];
  for await (const { address } of finder.find(LOOKUPS, { signal: left.signal })) {
    found.push(address.host);
    setImmediate(() => left.abort());
  }
  t.deepEqual(found, ['10.0.0.1']);
});

for (const peer of [
  'cache',
  '10.0.0:7001',
  'a:0',
  'a:70000',
  'fd00::1:7001',
  '[10.0.0.1]:1',
  ':1',
  '',
]) {
  test(`${JSON.stringify(peer)} is no peer`, async (t) => {
    const error = await t.throwsAsync(openFixedFinder({ log: silentLog }, { peers: [peer] }));
    t.like(error, { code: 'INVALID_PEER_ADDRESS' });
    t.true(error?.message.includes(JSON.stringify(peer)));
  });
}

async function addressesFrom(
  finder: Finder,
  lookups: readonly SegmentLookup[] = LOOKUPS,
): Promise<string[]> {
  const found = await findAll(finder, lookups);
  return found.map(({ address }) => `${address.host} ${address.port}`);
}

async function byName(name: string): Promise<string[]> {
  return name === 'cache.example' ? ['10.0.0.5', 'fd00::5'] : [];
}

function never(): Promise<string[]> {
  return new Promise(() => {});
}
