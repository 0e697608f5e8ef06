// Shows the main job on one machine: `npm run demo`.
//
// An origin, and two agents that share on the loopback interface, as processes of their own. The
// first agent fetches a file from the origin, the second one takes every byte from the first.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../packages/peer-cache/src/bin.ts', import.meta.url));
const MIB = 2 ** 20;
const FILE_BYTES = 64 * MIB;
const FILE_NAME = 'installer.bin';
const STOP_MS = 5000;

interface Received {
  readonly path: string;
  readonly seconds: number;
  readonly digest: string;
  readonly bytes: { readonly store: number; readonly peers: number; readonly origin: number };
}

const cleanup = new AsyncDisposableStack();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cleanup.disposeAsync().finally(() => process.exit(1)));
}
try {
  process.exitCode = await demo();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await cleanup.disposeAsync();
}

async function demo(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'peer-cache-demo-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const served = join(folder, 'served');
  await mkdir(served);
  const content = randomFillSync(Buffer.allocUnsafe(FILE_BYTES));
  await writeFile(join(served, FILE_NAME), content);

  console.log(`An origin serves ${FILE_NAME}, ${FILE_BYTES / MIB} MiB of random bytes.`);
  const origin = startCommand(folder, 'origin', ['origin', 'serve', served, '--port', '0']);
  console.log(
    'Two agents start, each with a store of its own, and find each other by multicast DNS.',
  );
  const agents = ['ann', 'bob'].map((user) => startCommand(folder, user, ['agent']));
  const [, url = ''] = await untilSaid(origin, /"url":"(http[^"]+)"/);
  await Promise.all(agents.map((agent) => untilSaid(agent, /agent started/)));

  const first = await get(folder, 'ann', `${url}/${FILE_NAME}`);
  console.log(`\nAnn gets the file:  ${sentence(first)}`);
  const second = await get(folder, 'bob', `${url}/${FILE_NAME}`);
  console.log(`Bob gets the file:  ${sentence(second)}`);

  const copies = await Promise.all([first, second].map(({ path }) => readFile(path)));
  const areRight = copies.every((copy) => copy.equals(content));
  const isSaved = second.bytes.origin === 0 && second.bytes.peers === FILE_BYTES;
  console.log(`\nBLAKE3 of the file: ${second.digest}`);
  console.log(areRight ? 'Both files are identical to the original.' : 'A file is NOT identical!');
  console.log(
    isSaved
      ? 'The origin sent the content once; the second machine took every byte of it from the first.'
      : 'The second machine did NOT take all bytes from the first!',
  );
  return areRight && isSaved ? 0 : 1;
}

/** Fetches as one of the users; their agent does it. */
async function get(folder: string, user: string, url: string): Promise<Received> {
  const child = startCommand(folder, user, ['get', url, '-o', join(folder, user), '--json']);
  const [line] = await untilSaid(child, /^\{"event":"done".*$/m);
  const received: Received = JSON.parse(line);
  return received;
}

function sentence({ seconds, bytes }: Received): string {
  const parts = [
    `${(bytes.origin / MIB).toFixed(1)} MiB from the origin`,
    `${(bytes.peers / MIB).toFixed(1)} MiB from a neighbour`,
  ];
  return `${parts.join(', ')}, in ${seconds.toFixed(1)} s.`;
}

/** Starts a command as a user who has a home of its own; stopped at the end. */
function startCommand(folder: string, user: string, args: readonly string[]): ChildProcess {
  const home = join(folder, `home-${user}`);
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    XDG_RUNTIME_DIR: home,
    PEER_CACHE_SHARING_LOOPBACK: 'true',
    PEER_CACHE_STORE_LIMIT: '1 GiB',
  };
  const child = spawn(process.execPath, [BIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  cleanup.defer(() => stop(child));
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}

async function untilSaid(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const match = pattern.exec(said);
      if (match !== null) resolve(match);
    });
  }
  child.once('close', () => reject(new Error(`a command ended too early:\n${said}`)));
  return await promise;
}
