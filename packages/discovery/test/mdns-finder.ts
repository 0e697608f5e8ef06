import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { silentLog } from '@peer-cache/core';
import type { SegmentKeys } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { openMdnsFinder, watchSharingInterfaces } from '../src/index.ts';
import type { MdnsFinder } from '../src/index.ts';
import { provenEntries } from '../src/lookup-answers.ts';
import { encodeLookupQuery } from '../src/lookup-packet.ts';
import { openPacketSocket } from '../src/mdns-sockets.ts';
import { presenceRecords } from '../src/presence-records.ts';
import { finderContract } from './finder-contract.ts';
import { findAll } from './helpers/find-all.ts';
import { holding, lookupsFor, segments, uniqueName } from './helpers/segments.ts';
import { until } from './helpers/until.ts';

/** Nothing listens there: finders only tell the ports. */
let nextPort = 20_000 + (process.pid % 20_000);

// One after the other: every agent hears all others, and what arrives in time is judged.
finderContract(test.serial, 'mDNS', async (t) => {
  const keys = segments(uniqueName('contract'), 3);
  await openAgent(t, { holds: keys.slice(0, 2) });
  await openAgent(t, { holds: keys });
  const { finder } = await openAgent(t, { servePort: 0 });
  return { finder, lookups: lookupsFor(keys) };
});

test.serial('agents on one host find each other, and none itself', async (t) => {
  const keys = segments(uniqueName('one host'), 60);
  const agents = await Promise.all([
    openAgent(t, { holds: keys.slice(0, 40) }),
    openAgent(t, { holds: keys.slice(20) }),
    openAgent(t, { holds: keys }),
  ]);
  for (const { finder, servePort } of agents) {
    const found = await findAll(finder, lookupsFor(keys));
    const ports = new Set(found.map(({ address }) => address.port));
    const others = agents.map((agent) => agent.servePort).filter((port) => port !== servePort);
    t.is(ports.size, 2);
    t.true(others.every((port) => ports.has(port)));
    t.true(found.every(({ address }) => address.host === '127.0.0.1'));
    t.is(new Set(found.flatMap(({ holds }) => holds)).size, 60);
  }
});

test.serial('a search ends soon once everything is answered for, else after 0.7 s', async (t) => {
  const keys = segments(uniqueName('ends'), 1);
  await openAgent(t, { holds: keys });
  const { finder } = await openAgent(t, { servePort: 0 });
  const foundMs = await timeOf(() => findAll(finder, lookupsFor(keys)));
  const notFoundMs = await timeOf(() => findAll(finder, lookupsFor(segments('nobody has', 1))));
  t.true(notFoundMs > 690, `${notFoundMs}`);
  t.true(foundMs < notFoundMs, `${foundMs}`);
});

test.serial('agents that serve know of each other until one says goodbye', async (t) => {
  const [a, b, c] = await Promise.all([openAgent(t), openAgent(t), openAgent(t)]);
  await until(
    () => [
      knows(a.finder, b.servePort),
      knows(b.finder, a.servePort),
      knows(c.finder, b.servePort),
      knows(a.finder, c.servePort),
    ],
    (known) => known.every(Boolean),
  );
  t.false(knows(a.finder, a.servePort), 'nobody knows itself');
  await b.finder[Symbol.asyncDispose]();
  await until(
    () => knows(a.finder, b.servePort) || knows(c.finder, b.servePort),
    (isKnown) => !isKnown,
  );
  t.true(knows(a.finder, c.servePort));
});

test.serial('an agent that stops serving says goodbye, has nothing, and still finds', async (t) => {
  const keys = segments(uniqueName('silent'), 2);
  const one = await openAgent(t, { holds: keys });
  const other = await openAgent(t, { holds: keys });
  const otherKnows = (): boolean => knows(other.finder, one.servePort);
  const foundBy = async (finder: MdnsFinder): Promise<number[]> => {
    const found = await findAll(finder, lookupsFor(keys));
    return [...new Set(found.map(({ address }) => address.port))];
  };
  await until(otherKnows, (isKnown) => isKnown);
  one.finder.setServing(false);
  await until(otherKnows, (isKnown) => !isKnown);
  t.deepEqual(await foundBy(other.finder), []);
  t.deepEqual(await foundBy(one.finder), [other.servePort]);
  t.true(knows(one.finder, other.servePort));
  one.finder.setServing(true);
  await until(otherKnows, (isKnown) => isKnown);
  t.deepEqual(await foundBy(other.finder), [one.servePort]);
});

test.serial(
  'a query by unicast to port 5353 is not answered, the same by multicast is',
  async (t) => {
    const keys = segments(uniqueName('unicast'), 1);
    await openAgent(t, { holds: keys });
    const plan = { family: 4, bindTo: '127.0.0.1', port: 0, sendsOn: '127.0.0.1' } as const;
    await using asking = await openPacketSocket(plan, silentLog);
    let answers = 0;
    asking.hear(() => answers++);
    const nonce = Buffer.alloc(8, 1);
    const asker = { address: '127.0.0.1', port: asking.port };
    const entries = provenEntries(lookupsFor(keys), nonce, asker);
    const ask = (address: string): Promise<void> =>
      asking.query(encodeLookupQuery({ id: 1, round: 0, nonce, entries }), { address, port: 5353 });
    await ask('127.0.0.1');
    await wait(150);
    t.is(answers, 0);
    await ask('224.0.0.251');
    await until(
      () => answers,
      (count) => count === 1,
    );
  },
);

test.serial('an agent whose name is claimed by another takes a new one', async (t) => {
  const [agent, watcher] = [await openAgent(t), await openAgent(t)];
  const nameOf = (): string | undefined =>
    watcher.finder.knownPeers().find(({ address }) => address.port === agent.servePort)?.name;
  const label = await until(nameOf, (name) => name !== undefined);
  const plan = { family: 4, bindTo: '224.0.0.251', port: 5353, sendsOn: '127.0.0.1' } as const;
  await using claimer = await openPacketSocket(plan, silentLog);
  const claim = presenceRecords({ label: label ?? '', port: 9999, addresses: ['127.0.0.9'] });
  await claimer.respond({ answers: claim }, { address: '224.0.0.251', port: 5353 });
  const renamed = await until(nameOf, (name) => name !== undefined && name !== label);
  t.regex(renamed ?? '', /^peer-cache-[0-9a-f]{12}$/);
});

test.serial('garbage on port 5353 is survived', async (t) => {
  const keys = segments(uniqueName('garbage'), 1);
  await openAgent(t, { holds: keys });
  const { finder } = await openAgent(t, { servePort: 0 });
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.setMulticastInterface('127.0.0.1');
  for (let size = 0; size < 300; size++) {
    const bytes = Buffer.alloc(size, `peer-cache${size}`);
    if (size > 12) bytes.writeUInt16BE(size % 5, 4);
    socket.send(bytes, 5353, '224.0.0.251');
  }
  t.true((await findAll(finder, lookupsFor(keys))).length > 0);
});

test.serial('without a sharing interface nothing is found, at once', async (t) => {
  const interfaces = await watchSharingInterfaces({ log: silentLog }, { interfaces: ['none'] });
  t.teardown(() => interfaces[Symbol.asyncDispose]());
  const parts = { log: silentLog, interfaces, holdings: holding([]) };
  const finder = await openMdnsFinder(parts, { servePort: 7001 });
  t.teardown(() => finder[Symbol.asyncDispose]());
  t.true((await timeOf(() => findAll(finder, lookupsFor(segments('any', 1))))) < 600);
});

test.serial('a port that nobody would believe is refused', async (t) => {
  await t.throwsAsync(openAgent(t, { servePort: 80 }), { instanceOf: RangeError });
});

interface Agent {
  readonly finder: MdnsFinder;
  readonly servePort: number;
}

async function openAgent(
  t: ExecutionContext,
  { holds = [], servePort = nextPort++ }: { holds?: SegmentKeys[]; servePort?: number } = {},
): Promise<Agent> {
  const interfaces = await watchSharingInterfaces({ log: silentLog }, { loopback: true });
  t.teardown(() => interfaces[Symbol.asyncDispose]());
  const parts = { log: silentLog, interfaces, holdings: holding(holds) };
  const finder = await openMdnsFinder(parts, { servePort });
  t.teardown(() => finder[Symbol.asyncDispose]());
  return { finder, servePort };
}

async function timeOf(task: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await task();
  return performance.now() - startMs;
}

function knows(who: MdnsFinder, port: number): boolean {
  return who.knownPeers().some(({ address }) => address.port === port);
}
