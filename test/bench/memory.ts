import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MIB } from '@peer-cache/core';
import type { Bench } from './bench.ts';
import { makeContent } from './make-content.ts';
import { peakBytes } from './measure.ts';
import { Machine, startOrigin } from './office.ts';

const SIZE_BYTES = 4 * 1024 * MIB;

/** (e) Peak memory of who gets 4 GiB from a peer, and of the agent that got them from the origin. */
export async function benchMemory({ folder, bin, report }: Bench): Promise<void> {
  const served = join(folder, 'served');
  await makeContent(join(served, 'large'), SIZE_BYTES, 3);
  const peer = await Machine.create(bin, join(folder, 'memory-peer'));
  await using origin = await startOrigin(peer, served);
  await using agent = await peer.startAgent('5 GiB');
  const out = join(folder, 'large-out');
  await peer.run('get', `${origin.url}/large`, '-o', out, '-q');
  const agentBytes = peakBytes(agent.pid);
  const machine = await Machine.create(bin, join(folder, 'memory'));
  const set = ['--set', 'sharing.loopback=true', '--set', 'store.limit=5 GiB'];
  const got = await machine.run('get', `${origin.url}/large`, '-o', out, '-q', ...set);
  for (const path of [out, join(served, 'large')]) await rm(path);
  report({
    name: '(e) peak memory, getting 4 GiB',
    ours: `${(got.peakBytes / MIB).toFixed(0)} MiB from a peer`,
    other: `${(agentBytes / MIB).toFixed(0)} MiB the agent, from the origin`,
    ratio: undefined,
    aim: '<= 200 MB',
  });
}
