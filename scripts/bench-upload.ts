// Measures whether uploads in the background disturb anybody, with real agents and with curl:
// `npm run bench:upload -- [SECONDS] [RUNS] [SENDERS]`, so many machines that upload at once. Needs
// Linux and root; all it does is within namespaces of its own.
import { once } from 'node:events';
import { mkdir, mkdtemp, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { LAN_INTERFACE } from '../packages/discovery/test/helpers/namespaces.ts';
import type { LanHost } from '../packages/discovery/test/helpers/namespaces.ts';
import { installed } from '../test/bench/installed.ts';
import { OfficeUser } from '../test/bench/yield/office-user.ts';
import { quantile } from '../test/bench/yield/samples.ts';
import { AgentHost } from '../test/helpers/branch-office/agent-host.ts';
import { openBranchOffice, whyNoOffice } from '../test/helpers/branch-office/office.ts';
import type { BranchOffice } from '../test/helpers/branch-office/office.ts';
import { linkBytes } from '../test/helpers/branch-office/traffic.ts';
import { watchOver } from '../test/helpers/branch-office/watchdog.ts';
import { davConfiguration } from '../test/helpers/dav-server.ts';
import { UsageError } from './branch-office/arguments.ts';
import { runBench } from './branch-office/run-bench.ts';
import { installTestPackages } from './install-test-packages.ts';

/** The cell that is asked for: what a small office has. */
const UP_MBIT = 10;
const LINK = { downMbit: 50, upMbit: UP_MBIT, bufferMs: 250, rttMs: 40 };
const RAMP_SECONDS = 5;
const SENT_BYTES = 2 ** 30;
/** Of what curl gets alone: for the background alone, and for a person beside it. */
const LEAST_SHARE = 0.9;
const MOST_LATENCY_MS = 50;

interface Figures {
  readonly alone: number;
  readonly latencyMs: number;
  readonly foreground: number;
}

/** Has a host send a file until it is disposed of. */
type Send = (site: Site, host: LanHost) => Promise<AsyncDisposable>;

interface Site {
  readonly office: BranchOffice;
  readonly bin: string;
  readonly user: OfficeUser;
  readonly foreground: LanHost;
  readonly background: readonly LanHost[];
  readonly url: string;
  readonly path: string;
  readonly seconds: number;
}

await runBench('bench:upload', main);

async function main(): Promise<number> {
  const [seconds = 10, runs = 3, senders = 1] = process.argv.slice(2).map(Number);
  if (!(seconds >= 4 && runs >= 1 && senders >= 1)) {
    throw new UsageError('give seconds (4 or more), runs and senders');
  }
  installTestPackages();
  const why = whyNoOffice();
  if (why !== undefined) throw new UsageError(why);
  const folder = await mkdtemp(join(tmpdir(), 'pc-bench-'));
  await using _dog = watchOver({ folder });
  const bin = join(await installed(folder), 'bin.js');
  const path = join(folder, 'sent.bin');
  await writeFile(path, '');
  await truncate(path, SENT_BYTES);
  const ours: Figures[] = [];
  for (let run = 0; run < runs; run++) {
    await using office = await openBranchOffice({ hosts: 2 + senders, ...LINK });
    await using dav = await startDav(office);
    const { url } = dav;
    const [foreground, idle, ...background] = office.hosts;
    if (foreground === undefined || idle === undefined) throw new RangeError('no hosts');
    const user = await OfficeUser.start(idle, office.wan);
    const site = { office, bin, user, url, path, seconds, foreground, background };
    ours.push(await measure(site, 'peer-cache', sendInBackground));
    await measure(site, 'curl', sendByCurl);
  }
  const medianOf = (name: keyof Figures): number =>
    quantile(
      ours.map((each) => each[name]),
      0.5,
    );
  const median = {
    alone: medianOf('alone'),
    latencyMs: medianOf('latencyMs'),
    foreground: medianOf('foreground'),
  };
  console.log(`median: ${shown(median)}`);
  const isGood = median.alone >= LEAST_SHARE && median.foreground >= LEAST_SHARE;
  return isGood && median.latencyMs <= MOST_LATENCY_MS ? 0 : 1;
}

async function measure(site: Site, name: string, send: Send): Promise<Figures> {
  const { user, seconds, foreground, background } = site;
  const idleMs = quantile(await user.connects(seconds / 2), 0.5);
  const solo = await rateOf([foreground], async () => {
    await using _curl = await sendByCurl(site, foreground);
    await sleep(seconds * 1000);
  });
  await sleep(2000);
  await using sending = new AsyncDisposableStack();
  for (const host of background) sending.use(await send(site, host));
  await sleep(RAMP_SECONDS * 1000);
  let connects: number[] = [];
  const alone = await rateOf(background, async () => {
    connects = await user.connects(seconds);
  });
  const shared = await rateOf([foreground], async () => {
    await using _curl = await sendByCurl(site, foreground);
    await sleep(seconds * 1000);
  });
  const figures = {
    alone: alone / solo,
    latencyMs: quantile(connects, 0.5) - idleMs,
    foreground: shared / solo,
  };
  console.log(`${name}: solo ${((solo * 8) / 1e6).toFixed(2)} Mbit/s; ${shown(figures)}`);
  return figures;
}

function shown({ alone, latencyMs, foreground }: Figures): string {
  return `alone ${alone.toFixed(2)}, latency +${latencyMs.toFixed(0)} ms, foreground ${foreground.toFixed(2)}`;
}

/** Bytes a second that these send meanwhile. */
async function rateOf(hosts: readonly LanHost[], work: () => Promise<void>): Promise<number> {
  const before = await sentBy(hosts);
  const startedMs = performance.now();
  await work();
  const after = await sentBy(hosts);
  return ((after - before) / (performance.now() - startedMs)) * 1000;
}

async function sentBy(hosts: readonly LanHost[]): Promise<number> {
  const links = hosts.map(async ({ namespace }) => await linkBytes(namespace, LAN_INTERFACE));
  return (await Promise.all(links)).reduce((sum, { sent }) => sum + sent, 0);
}

async function sendInBackground({ bin, url, path, office }: Site, host: LanHost) {
  const folder = await mkdtemp(join(office.folder, 'h'));
  const agent = await AgentHost.create(host, folder, { bin, set: [] });
  await agent.startAgent();
  const files = [{ url: `${url}${host.namespace}`, path }];
  const request = { name: 'sent', kind: 'upload', priority: 'low', files, resume: true } as const;
  await agent.home.client.create(request);
  return agent;
}

async function sendByCurl({ url, path }: Site, host: LanHost): Promise<AsyncDisposable> {
  const curl = host.spawn('curl', '-sS', '-o', '/dev/null', '-T', path, `${url}${host.namespace}`);
  return {
    async [Symbol.asyncDispose]() {
      const ended = once(curl, 'exit');
      curl.kill('SIGKILL');
      await ended;
    },
  };
}

async function startDav({
  wan,
  folder,
}: BranchOffice): Promise<AsyncDisposable & { readonly url: string }> {
  const state = join(folder, 'dav');
  await mkdir(join(state, 'files'), { recursive: true });
  const config = join(state, 'nginx.conf');
  await writeFile(config, davConfiguration(state, '80'));
  const nginx = wan.origin.spawn('nginx', '-c', config, '-e', join(state, 'error.log'));
  await sleep(500);
  return {
    url: `${wan.originUrl}/`,
    async [Symbol.asyncDispose]() {
      const ended = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await ended;
    },
  };
}
