import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GIB, MIB } from '@peer-cache/core';
import { startDavServer } from '../helpers/dav-server.ts';
import { JobClient } from '../helpers/job-client.ts';
import type { Bench } from './bench.ts';
import { cpuSeconds, median, peakBytes, run, timed } from './measure.ts';
import type { Finished } from './measure.ts';
import { freePort } from './nginx.ts';
import { Machine } from './office.ts';

interface Server extends AsyncDisposable {
  readonly name: string;
  /** What is uploaded lies there. */
  readonly folder: string;
  /** For a job, and for curl. */
  readonly url: string;
  curl(file: string): Promise<Finished>;
}

/**
 * (g) A file to a server, as an urgent job of an agent that runs, from its creation to its
 * completion, against curl to the same server.
 */
export async function benchUploads(bench: Bench): Promise<void> {
  await using dav = await startDav(bench);
  await measure(bench, dav);
  await using origin = await startTusOrigin(bench);
  await measure(bench, origin);
}

async function measure({ folder, bin, file, runs, report }: Bench, server: Server): Promise<void> {
  const machine = await Machine.create(bin, join(folder, `sender-${server.name}`));
  await using agent = await machine.startAgent('1 GiB');
  const ours: number[] = [];
  const curls: number[] = [];
  const agentCpuSeconds: number[] = [];
  const client = new JobClient(machine.socketPath);
  const request = {
    name: 'sent',
    kind: 'upload',
    priority: 'foreground',
    files: [{ url: server.url, path: file }],
    resume: true,
  } as const;
  for (let count = -1; count < runs; count++) {
    const before = cpuSeconds(agent.pid);
    const seconds = await timed(async () => {
      const { id } = await client.create(request);
      await client.until(id, ({ state }) => state === 'transferred');
      await client.complete(id);
    });
    const used = cpuSeconds(agent.pid) - before;
    await empty(server.folder);
    const curl = await server.curl(file);
    await empty(server.folder);
    if (count < 0) continue;
    ours.push(seconds);
    agentCpuSeconds.push(used);
    curls.push(curl.seconds);
  }
  const [ourSeconds, curlSeconds] = [median(ours), median(curls)];
  report({
    name: `(g) 1 GiB to ${server.name}, by an agent's job`,
    ours:
      `${shownRate(ourSeconds)}, ${median(agentCpuSeconds).toFixed(1)} CPU s, ` +
      `${(peakBytes(agent.pid) / MIB).toFixed(0)} MiB at most`,
    other: `curl ${shownRate(curlSeconds)}`,
    ratio: curlSeconds / ourSeconds,
    aim: '>= 0.6, <= 150 MB',
  });
}

async function startDav({ folder }: Bench): Promise<Server> {
  const dav = await startDavServer(join(folder, 'dav'));
  return {
    name: 'nginx',
    folder: dav.folder,
    url: dav.url,
    curl: async (file) => await run('curl', ['-sS', '-f', '-T', file, dav.url]),
    [Symbol.asyncDispose]: () => dav[Symbol.asyncDispose](),
  };
}

/** Our own, which curl can be made to speak to: it makes a place for the file, and fills it. */
async function startTusOrigin({ folder, bin, sizeBytes }: Bench): Promise<Server> {
  const served = join(folder, 'tus-served');
  const uploads = join(folder, 'tus-uploads');
  for (const each of [served, uploads]) await mkdir(each);
  const machine = await Machine.create(bin, join(folder, 'tus-origin'));
  const port = await freePort();
  const args = ['origin', 'serve', served, '--port', `${port}`, '--uploads', uploads];
  const origin = await machine.start(args, 'http');
  const url = `http://127.0.0.1:${port}/uploads/`;
  const version = { 'tus-resumable': '1.0.0' };
  return {
    name: 'origin serve --uploads',
    folder: uploads,
    url,
    async curl(file) {
      const creation = { 'upload-length': `${sizeBytes}`, 'upload-metadata': 'filename Yw==' };
      const made = await fetch(url, { method: 'POST', headers: { ...version, ...creation } });
      const at = new URL(made.headers.get('location') ?? '', url).href;
      const part = { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
      const fields = Object.entries({ ...version, ...part }).flatMap((field) => [
        '-H',
        field.join(': '),
      ]);
      return await run('curl', ['-sS', '-f', '-X', 'PATCH', ...fields, '-T', file, at]);
    },
    [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose](),
  };
}

/** What was uploaded goes; what the server keeps beside it stays. */
async function empty(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile()) await rm(join(folder, entry.name));
  }
}

function shownRate(seconds: number): string {
  return `${(GIB / seconds / 1e9).toFixed(2)} GB/s`;
}
