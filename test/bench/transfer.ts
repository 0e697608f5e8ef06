import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GIB } from '@peer-cache/core';
import type { Bench } from './bench.ts';
import { cpuSeconds, median, run } from './measure.ts';
import { startNginx } from './nginx.ts';
import { Machine, startOrigin } from './office.ts';

interface Sample {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/**
 * (b) A file from a peer to a file here, sealed on the way, verified, and kept in the store too,
 * against curl from nginx. Whole processes, start-up and discovery included. Fresh: new store and
 * new file. Warm: the store is full and recycles its files, the file is replaced.
 */
export async function benchTransfer(bench: Bench): Promise<void> {
  const { folder, bin, runs, sizeBytes, report } = bench;
  await using nginx = await startNginx(join(folder, 'served'), join(folder, 'nginx'));
  const peer = await Machine.create(bin, join(folder, 'peer'));
  await using origin = await startOrigin(peer, join(folder, 'served'));
  await using agent = await peer.startAgent('4 GiB');
  const { url } = origin;
  for (const name of ['file', 'other']) {
    await peer.run('get', `${url}/${name}`, '-o', join(folder, 'first'), '--force', '-q');
  }
  await rm(join(folder, 'first'));
  const out = join(folder, 'out');
  const curlOut = join(folder, 'curl-out');

  async function ours(machine: Machine, name: string): Promise<Sample> {
    const before = cpuSeconds(agent.pid);
    const set = ['sharing.loopback=true', 'store.limit=1100 MiB'].flatMap((each) => [
      '--set',
      each,
    ]);
    const result = await machine.run('get', `${url}/${name}`, '-o', out, '-q', ...set);
    const peerCpuSeconds = cpuSeconds(agent.pid) - before;
    return { seconds: result.seconds, cpuSeconds: result.cpuSeconds + peerCpuSeconds };
  }
  async function curls(name: string): Promise<Sample> {
    const before = await nginx.cpuSeconds();
    const result = await run('curl', ['-s', '-o', curlOut, `${nginx.url}/${name}`]);
    const nginxCpuSeconds = (await nginx.cpuSeconds()) - before;
    return { seconds: result.seconds, cpuSeconds: result.cpuSeconds + nginxCpuSeconds };
  }

  const fresh: Pairs = { ours: [], curls: [] };
  for (let count = -1; count < runs; count++) {
    const home = join(folder, 'fresh');
    const machine = await Machine.create(bin, home);
    const pair = { ours: await ours(machine, 'file'), curls: await curls('file') };
    await Promise.all([home, out, curlOut].map((path) => rm(path, { recursive: true })));
    if (count >= 0) add(fresh, pair);
  }
  report(row('(b) 1 GiB peer to file and store, fresh', fresh, sizeBytes, '>= 0.8, <= 2.5 CPU s'));

  const warm: Pairs = { ours: [], curls: [] };
  const machine = await Machine.create(bin, join(folder, 'warm'));
  for (let count = -2; count < runs; count++) {
    const name = count % 2 === 0 ? 'file' : 'other';
    const pair = { ours: await ours(machine, name), curls: await curls(name) };
    if (count >= 0) add(warm, pair);
  }
  report(row('(b) the same, store and file warm', warm, sizeBytes, '>= 1.0, <= 2.5 CPU s'));
}

interface Pairs {
  readonly ours: Sample[];
  readonly curls: Sample[];
}

function add(pairs: Pairs, pair: { readonly ours: Sample; readonly curls: Sample }): void {
  pairs.ours.push(pair.ours);
  pairs.curls.push(pair.curls);
}

function row(name: string, { ours, curls }: Pairs, sizeBytes: number, aim: string) {
  return {
    name,
    ours: shown(ours, sizeBytes),
    other: `curl from nginx ${shown(curls, sizeBytes)}`,
    ratio: median(curls.map(({ seconds }) => seconds)) / median(ours.map(({ seconds }) => seconds)),
    aim,
  };
}

function shown(samples: readonly Sample[], sizeBytes: number): string {
  const rate = sizeBytes / median(samples.map(({ seconds }) => seconds)) / 1e9;
  const cpu = median(samples.map((sample) => sample.cpuSeconds)) / (sizeBytes / GIB);
  return `${rate.toFixed(2)} GB/s, ${cpu.toFixed(2)} CPU s/GiB`;
}
