import { silentLog } from '@peer-cache/core';
import test from 'ava';
import { mergeFinders, openFixedFinder } from '../src/index.ts';
import type { Finder, FoundPeer } from '../src/index.ts';
import { finderContract } from './finder-contract.ts';
import { findAll } from './helpers/find-all.ts';
import { lookupsFor, segments } from './helpers/segments.ts';

const LOOKUPS = lookupsFor(segments('merged', 4));
const A = { host: '10.0.0.1', port: 7001 };
const B = { host: '10.0.0.1', port: 7002 };

finderContract(test, 'merged finders', async () => {
  const peers = ['10.0.0.1:7001'];
  const finders = [
    await openFixedFinder({ log: silentLog }, { peers }),
    await openFixedFinder({ log: silentLog }, { peers: [...peers, '10.0.0.2:7001'] }),
  ];
  return { finder: mergeFinders({ log: silentLog, finders }), lookups: LOOKUPS };
});

test('a peer comes again only when it holds more than was known', async (t) => {
  const finder = mergeFinders({
    log: silentLog,
    finders: [
      finds([
        { address: A, holds: undefined },
        { address: A, holds: [0, 1] },
        { address: A, holds: [1, 0] },
        { address: B, holds: [0] },
        { address: A, holds: undefined },
        { address: A, holds: [1, 2] },
      ]),
    ],
  });
  t.deepEqual(await findAll(finder, LOOKUPS), [
    { address: A, holds: undefined },
    { address: A, holds: [0, 1] },
    { address: B, holds: [0] },
    { address: A, holds: [1, 2] },
  ]);
});

test('a finder that fails, at once or later, does not end the others', async (t) => {
  const failures: string[] = [];
  const log = { ...silentLog, warn: (_: object, message: string) => void failures.push(message) };
  const failsAtOnce: Finder = {
    ...finds([]),
    find() {
      throw new Error('no network');
    },
  };
  const failsLater: Finder = {
    ...finds([]),
    async *find() {
      yield { address: B, holds: [0] };
      throw new Error('network went');
    },
  };
  const works = finds([{ address: A, holds: [0] }]);
  const finder = mergeFinders({ log, finders: [failsAtOnce, failsLater, works] });
  t.is((await findAll(finder, LOOKUPS)).length, 2);
  t.deepEqual(failures, ['finder failed', 'finder failed']);
});

test('all finders are asked at once, told to stop, and disposed', async (t) => {
  const events: string[] = [];
  const waits = (name: string): Finder => ({
    name,
    async *find(_, { signal }) {
      events.push(`${name} asked`);
      yield { address: A, holds: [events.length] };
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      events.push(`${name} stopped`);
    },
    neighbours: () => [],
    async [Symbol.asyncDispose]() {
      events.push(`${name} disposed`);
    },
  });
  const finder = mergeFinders({ log: silentLog, finders: [waits('a'), waits('b')] });
  t.is(finder.name, 'a+b');
  let count = 0;
  for await (const peer of finder.find(LOOKUPS, { signal: new AbortController().signal })) {
    t.truthy(peer);
    if (++count === 2) break;
  }
  await finder[Symbol.asyncDispose]();
  t.deepEqual(events, ['a asked', 'b asked', 'a stopped', 'b stopped', 'a disposed', 'b disposed']);
});

function finds(peers: readonly FoundPeer[]): Finder {
  return {
    name: 'fake',
    async *find() {
      yield* peers;
    },
    neighbours: () => peers.map(({ address }) => address),
    async [Symbol.asyncDispose]() {},
  };
}
