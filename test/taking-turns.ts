import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { ALWAYS } from '@peer-cache/bandwidth';
import type { Pacing, Turn } from '@peer-cache/bandwidth';
import { BLOCK_BYTES, MIB } from '@peer-cache/core';
import { Progress } from '@peer-cache/download';
import test from 'ava';
import { described } from './helpers/described.ts';
import { startLineOrigin } from './helpers/line-origin.ts';
import { contentOf } from './helpers/parts.ts';
import { Swarm } from './helpers/swarm.ts';
import type { SwarmAgent } from './helpers/swarm.ts';

const what = described(contentOf(6 * MIB + 12_345));
const contents = new Map([['file', what]]);
const SLOW = { bytesPerSecond: 4 * MIB };

/** A turn in the background that is this agent's, or others', as the test says. */
class OfficeTurn extends EventEmitter<{ wanted: [] }> implements Turn {
  readonly isUrgent = false;
  isOwn: boolean;
  wants = 0;
  readonly pacing: Pacing = {
    mayFetch: () => this.isOwn,
    pass: () => Promise.resolve(),
    want: () => {
      this.wants++;
      this.emit('wanted');
    },
    send: (_way, bytes) => Promise.resolve(bytes),
    probed: () => undefined,
    isFree: () => true,
    leave: () => Promise.reject(new Error('asked for leave where nothing is limited')),
  };

  constructor({ isOwn }: { readonly isOwn: boolean }) {
    super();
    this.isOwn = isOwn;
  }

  ask(...asked: Parameters<Turn['ask']>): ReturnType<Turn['ask']> {
    return ALWAYS.ask(...asked);
  }

  onFree(listener: () => void): Disposable {
    return ALWAYS.onFree(listener);
  }
}

/** Begins to fetch, in its turn or not. */
function start(agent: SwarmAgent, url: string, isOwn: boolean) {
  const turn = new OfficeTurn({ isOwn });
  const progress = new Progress();
  const path = agent.path('file');
  const options = { turn, progress };
  const file = agent.downloader.getFile(url, path, options).then(() => readFile(path));
  return { turn, progress, file };
}

/** Resolves when it has so many bytes, wherever they came from. */
async function has(progress: Progress, bytes: number): Promise<void> {
  while (progress.doneBytes < bytes) await once(progress, 'bytes-received');
}

test.serial("in another's turn all comes from the one whose turn it is", async (t) => {
  await using origin = await startLineOrigin(contents, SLOW);
  await using swarm = await Swarm.of(2);
  const [other, own] = swarm.agents.map((agent, index) =>
    start(agent, `${origin.url}/file`, index === 1),
  );
  if (own === undefined || other === undefined) throw new RangeError('two agents');
  t.true((await own.file).equals(what.bytes));
  t.true((await other.file).equals(what.bytes));
  t.is(other.progress.bytes.origin, 0);
  t.is(own.progress.bytes.peers, 0, 'nothing was left to who may not fetch');
});

test.serial('whose turn comes in the middle fetches the rest, and the other no more', async (t) => {
  await using origin = await startLineOrigin(contents, SLOW);
  await using swarm = await Swarm.of(2);
  const first = start(swarm.agent(0), `${origin.url}/file`, true);
  const second = start(swarm.agent(1), `${origin.url}/file`, false);
  await has(second.progress, 2 * MIB);
  const before = first.progress.bytes.origin;
  first.turn.isOwn = false;
  second.turn.isOwn = true;
  t.true((await first.file).equals(what.bytes));
  t.true((await second.file).equals(what.bytes));
  const more = (first.progress.bytes.origin - before) / BLOCK_BYTES;
  t.true(more <= 8, `${more} blocks more`);
  t.true(second.progress.bytes.origin > 2 * MIB);
});

test.serial('without help a turn is wanted, and waited for', async (t) => {
  await using origin = await startLineOrigin(contents);
  await using swarm = await Swarm.of(1);
  const { turn, progress, file } = start(swarm.agent(0), `${origin.url}/file`, false);
  for (let times = 0; times < 3; times++) await once(turn, 'wanted');
  t.is(progress.bytes.origin, 0);
  t.is(origin.sentBytes(), 0);
  turn.isOwn = true;
  t.true((await file).equals(what.bytes));
});

test.serial('what is under way when a turn ends stops at its next block', async (t) => {
  await using origin = await startLineOrigin(contents, { bytesPerSecond: MIB });
  await using swarm = await Swarm.of(1);
  const { turn, progress, file } = start(swarm.agent(0), `${origin.url}/file`, true);
  await has(progress, MIB);
  turn.isOwn = false;
  const before = progress.bytes.origin;
  for (let times = 0; times < 15; times++) await once(turn, 'wanted');
  const after = progress.bytes.origin;
  t.true(after - before <= 8 * BLOCK_BYTES, `${after - before} bytes more`);
  for (let times = 0; times < 5; times++) await once(turn, 'wanted');
  t.is(progress.bytes.origin, after);
  turn.isOwn = true;
  t.true((await file).equals(what.bytes));
});

test.serial('two that both may not fetch are no help to each other', async (t) => {
  await using origin = await startLineOrigin(contents);
  await using swarm = await Swarm.of(2);
  const both = swarm.agents.map((agent) => start(agent, `${origin.url}/file`, false));
  while (swarm.agents.some(({ downloader }) => downloader.peers().length === 0)) {
    await once(both[0]?.turn ?? new EventEmitter(), 'wanted');
  }
  for (let times = 0; times < 5; times++) {
    await Promise.all(both.map(({ turn }) => once(turn, 'wanted')));
  }
  t.is(origin.sentBytes(), 0);
  for (const { turn } of both) turn.isOwn = true;
  for (const { file } of both) t.true((await file).equals(what.bytes));
});

test.serial('with help a turn is not wanted', async (t) => {
  await using origin = await startLineOrigin(contents, SLOW);
  await using swarm = await Swarm.of(2);
  const own = start(swarm.agent(0), `${origin.url}/file`, true);
  await has(own.progress, MIB);
  const helped = start(swarm.agent(1), `${origin.url}/file`, false);
  await has(helped.progress, MIB);
  const { wants } = helped.turn;
  await has(helped.progress, 4 * MIB);
  t.is(helped.turn.wants, wants);
  t.true((await helped.file).equals(what.bytes));
  await own.file;
});
