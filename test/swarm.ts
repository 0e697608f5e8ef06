import { readFile } from 'node:fs/promises';
import { BLOCK_BYTES, KIB, MIB } from '@peer-cache/core';
import { Progress } from '@peer-cache/download';
import type { GetOptions } from '@peer-cache/download';
import { OriginHttp } from '@peer-cache/transport';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { KeepingSink } from '../packages/download/test/helpers/keeping-sink.ts';
import { described } from './helpers/described.ts';
import type { Described } from './helpers/described.ts';
import { startLineOrigin } from './helpers/line-origin.ts';
import { startOddPeer } from './helpers/odd-peer.ts';
import { contentOf } from './helpers/parts.ts';
import { Swarm } from './helpers/swarm.ts';
import type { SwarmAgent } from './helpers/swarm.ts';

/** Each agent alone would bring a copy of its own; one that is shared has little to spare. */
const MOST_COPIES = 1.25;
const what = described(contentOf(12 * MIB + 12_345));
const contents = new Map([['file', what]]);

async function get(agent: SwarmAgent, url: string, options: GetOptions = {}): Promise<Buffer> {
  const path = agent.path(url.split('/').at(-1) ?? '');
  await agent.downloader.getFile(url, path, options);
  return await readFile(path);
}

function isOneCopy(t: ExecutionContext, sentBytes: number, { bytes }: Described = what): void {
  const copies = sentBytes / bytes.length;
  t.log(`${copies.toFixed(3)} copies`);
  t.true(copies >= 1 && copies <= MOST_COPIES, `${copies} copies`);
}

test.serial('agents that start together bring one copy', async (t) => {
  await using origin = await startLineOrigin(contents, { bytesPerSecond: 8 * MIB });
  await using swarm = await Swarm.of(6);
  const url = `${origin.url}/file`;
  const files = await Promise.all(swarm.agents.map((agent) => get(agent, url)));
  for (const file of files) t.true(file.equals(what.bytes));
  isOneCopy(t, origin.sentBytes());
  // One for each segment, whoever fetches it; crossing requests may double one.
  t.true(origin.sentLists() <= 3, `${origin.sentLists()} lists`);
});

test.serial('each knows one other at first, and all come to know each other', async (t) => {
  await using origin = await startLineOrigin(contents, { bytesPerSecond: 4 * MIB });
  await using swarm = await Swarm.of(6, { knows: (asker, other) => other === (asker + 1) % 6 });
  const url = `${origin.url}/file`;
  const files = await Promise.all(swarm.agents.map((agent) => get(agent, url)));
  for (const file of files) t.true(file.equals(what.bytes));
  isOneCopy(t, origin.sentBytes());
  for (const agent of swarm.agents) t.true(agent.downloader.peers().length >= 5);
});

test.serial(
  'one that joins in the middle takes what is there and does its part of the rest',
  async (t) => {
    await using origin = await startLineOrigin(contents, { bytesPerSecond: 8 * MIB });
    await using swarm = await Swarm.of(3);
    const url = `${origin.url}/file`;
    const half = Promise.withResolvers<void>();
    const progress = new Progress();
    progress.on('bytes-received', () => {
      if (progress.doneBytes > what.bytes.length / 2) half.resolve();
    });
    const gets = swarm.agents.map((agent, index) =>
      get(agent, url, index === 0 ? { progress } : {}),
    );
    await half.promise;
    const late = await swarm.add();
    gets.push(get(late, url));
    for (const file of await Promise.all(gets)) t.true(file.equals(what.bytes));
    isOneCopy(t, origin.sentBytes());
  },
);

test.serial('one that goes in the middle costs no more than what it was at', async (t) => {
  await using origin = await startLineOrigin(contents, { bytesPerSecond: 8 * MIB });
  await using swarm = await Swarm.of(4);
  const url = `${origin.url}/file`;
  const progress = new Progress();
  const [first, ...others] = swarm.agents;
  if (first === undefined) throw new RangeError('nobody');
  progress.on('bytes-received', () => {
    if (progress.doneBytes > what.bytes.length / 3) void first[Symbol.asyncDispose]();
  });
  const gone = t.throwsAsync(get(first, url, { progress }));
  const files = await Promise.all(others.map((agent) => get(agent, url)));
  await gone;
  for (const file of files) t.true(file.equals(what.bytes));
  isOneCopy(t, origin.sentBytes());
});

test.serial('a line that is cut for a while stops nobody for good', async (t) => {
  await using origin = await startLineOrigin(contents, { bytesPerSecond: 8 * MIB });
  await using swarm = await Swarm.of(3);
  const url = `${origin.url}/file`;
  const progress = new Progress();
  let wasCut = false;
  progress.on('bytes-received', () => {
    if (wasCut || progress.doneBytes < what.bytes.length / 3) return;
    wasCut = true;
    origin.isCut = true;
    setTimeout(() => (origin.isCut = false), 4000);
  });
  const gets = swarm.agents.map((agent, index) => get(agent, url, index === 0 ? { progress } : {}));
  for (const file of await Promise.all(gets)) t.true(file.equals(what.bytes));
  isOneCopy(t, origin.sentBytes());
});

test.serial('many small contents of one origin come once each', async (t) => {
  const small = new Map(
    Array.from({ length: 40 }, (_, index) => {
      return [`small-${index}`, described(contentOf(2 * KIB + index * 4321, index + 1))];
    }),
  );
  const allBytes = [...small.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  await using origin = await startLineOrigin(small);
  await using swarm = await Swarm.of(3);
  await Promise.all(
    swarm.agents.map(async (agent) => {
      // Four at a time, as the files of a job.
      const names = [...small.keys()];
      const workers = Array.from({ length: 4 }, async () => {
        for (let name = names.shift(); name !== undefined; name = names.shift()) {
          const file = await get(agent, `${origin.url}/${name}`);
          t.true(file.equals(small.get(name)?.bytes ?? Buffer.of()), name);
        }
      });
      await Promise.all(workers);
    }),
  );
  const copies = origin.sentBytes() / allBytes;
  t.log(`${copies.toFixed(3)} copies`);
  t.true(copies <= 1.6, `${copies} copies`);
});

test.serial('mirrors share the work, whatever one of them sends', async (t) => {
  const liar = { ...what, bytes: Buffer.from(what.bytes).fill(7, 5 * BLOCK_BYTES) };
  await using own = await startLineOrigin(contents, { bytesPerSecond: 8 * MIB });
  await using good = await startLineOrigin(contents, { bytesPerSecond: 8 * MIB });
  await using bad = await startLineOrigin(new Map([['file', liar]]));
  await using swarm = await Swarm.of(1);
  const progress = new Progress();
  const warnings: string[] = [];
  progress.on('download-warned', ({ code, message }) => warnings.push(`${code} ${message}`));
  const mirrors = [`${good.url}/file`, `${bad.url}/file`];
  const origin = { scheme: 'basic', user: 'me', password: 'zanzibar' } as const;
  const way = { proxy: { use: 'none' }, redirects: 'follow', allowHttp: true } as const;
  const transport = { ...way, secrets: { origin } };
  await using http = new OriginHttp({ transport });
  const sink = new KeepingSink(what.bytes.length);
  await swarm.agent(0).downloader.fetch(`${own.url}/file`, sink, { mirrors, progress, http });
  t.true(sink.bytes.equals(what.bytes));
  t.true(own.authorized() > 0);
  t.is(good.authorized() + bad.authorized(), 0);
  t.true(own.sentBytes() > 0 && good.sentBytes() > 0);
  t.is(warnings.length, 1);
  t.regex(warnings[0] ?? '', /^BLOCK_MISMATCH the mirror 127\.0\.0\.1:\d+ is left out: /);
});

test.serial('a liar that claims to hold everything is out after one lie each', async (t) => {
  await using origin = await startLineOrigin(contents, { bytesPerSecond: 8 * MIB });
  await using odd = await startOddPeer('lies', what);
  await using swarm = await Swarm.of(3, { others: [odd.address] });
  const url = `${origin.url}/file`;
  const files = await Promise.all(swarm.agents.map((agent) => get(agent, url)));
  for (const file of files) t.true(file.equals(what.bytes));
  isOneCopy(t, origin.sentBytes());
  t.true(odd.asked() <= swarm.agents.length, `asked ${odd.asked()} times`);
});

test.serial('one that claims runs and brings none is left aside after some seconds', async (t) => {
  await using origin = await startLineOrigin(contents, { bytesPerSecond: 8 * MIB });
  await using odd = await startOddPeer('hoards', what);
  await using swarm = await Swarm.of(3, { others: [odd.address] });
  const url = `${origin.url}/file`;
  const files = await Promise.all(swarm.agents.map((agent) => get(agent, url)));
  for (const file of files) t.true(file.equals(what.bytes));
  isOneCopy(t, origin.sentBytes());
});
