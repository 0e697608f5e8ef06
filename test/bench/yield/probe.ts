// Runs on a host and measures what somebody who works there notices; see `office-user.ts`. For each
// line `connect MS` or `object MS` it measures for so long, and prints what each took, as JSON. The
// command line is `ADDRESS PORT PATH`.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setPriority } from 'node:os';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const CONNECT_EVERY_MS = 100;
const OBJECT_EVERY_MS = 500;
/** What takes longer counts as this much. */
const MOST_MS = 10_000;
/** A machine of its own would not wait for processors that the background keeps busy elsewhere. */
const PRIORITY = -15;

const [host = '', port = '', path = ''] = process.argv.slice(2);

setPriority(PRIORITY);
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const [what, ms] = line.split(' ');
  const endMs = performance.now() + Number(ms);
  const taken = what === 'connect' ? await connects(endMs) : await objects(endMs);
  process.stdout.write(`${JSON.stringify(taken)}\n`);
}

/** A new one every so often, whatever became of those before. */
async function connects(endMs: number): Promise<number[]> {
  const all: Promise<number>[] = [];
  while (performance.now() < endMs) {
    all.push(timeOf((socket) => once(socket, 'connect')));
    await sleep(CONNECT_EVERY_MS);
  }
  return await Promise.all(all);
}

/** One after the other: somebody who waits for a page does not ask for the next. */
async function objects(endMs: number): Promise<number[]> {
  const taken: number[] = [];
  while (performance.now() < endMs) {
    const nextMs = performance.now() + OBJECT_EVERY_MS;
    taken.push(await timeOf(get));
    await sleep(Math.max(0, nextMs - performance.now()));
  }
  return taken;
}

async function get(socket: Socket): Promise<void> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  socket.resume();
  await once(socket, 'end');
}

/** What fails counts as what takes longest. */
async function timeOf(use: (socket: Socket) => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  const socket = connect({ host, port: Number(port), noDelay: true });
  try {
    await Promise.race([use(socket), sleep(MOST_MS, undefined, { ref: false })]);
    return performance.now() - startMs;
  } catch {
    return MOST_MS;
  } finally {
    socket.destroy();
  }
}
