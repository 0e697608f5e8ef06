import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { ip } from '../packages/discovery/test/helpers/namespaces.ts';
import type { LanHost } from '../packages/discovery/test/helpers/namespaces.ts';
import { installed } from './bench/installed.ts';
import { combined, isShort } from './helpers/branch-office/measures.ts';
import { openBranchOffice, whyNoOffice } from './helpers/branch-office/office.ts';
import { runScenario } from './helpers/branch-office/run-scenario.ts';
import type { Scenario } from './helpers/branch-office/scenario.ts';
import { makeServedContent } from './helpers/branch-office/served-content.ts';
import { eventually } from './helpers/lan-office.ts';
import { temporaryFolder } from './helpers/parts.ts';

const HOSTS = 3;
const SIZE_BYTES = 8e6;
const FRAME_OVERHEAD = 1.04;
/** One for all, and what it costs where others use the machine too. */
const MOST_COPIES = 1.5;
const IDLE_OFFICE = fileURLToPath(new URL('helpers/branch-office/idle-office.ts', import.meta.url));

const TOGETHER: Scenario = {
  name: 'together',
  title: 'all start at the same moment',
  hosts: HOSTS,
  async play(stage) {
    stage.fetchAll();
  },
  aims: {},
};

const why = whyNoOffice();
const inOffice = why === undefined ? test.serial : test.serial.skip;
if (why !== undefined) test.serial.skip(`in a branch office: ${why}`, () => undefined);

inOffice(
  'every host ends with the right bytes, and what came through the WAN is counted',
  async (t) => {
    // A transfer that gets stuck is told as such, after a minute.
    t.timeout(120_000);
    await using folder = await temporaryFolder();
    const bin = join(await installed(folder.path), 'bin.js');
    const content = await makeServedContent(folder.path, { bin, sizeBytes: SIZE_BYTES });
    const setup = { bin, content, downMbit: 100, upMbit: 20 };
    const { measures, hostSeconds, problems } = await runScenario(TOGETHER, setup);
    t.log(measures);
    t.deepEqual(problems, []);
    t.is(measures.wrong, 0);
    t.is(hostSeconds.length, HOSTS);
    t.true((measures.copies ?? 0) >= FRAME_OVERHEAD, `${measures.copies} copies`);
    t.true((measures.copies ?? Infinity) <= MOST_COPIES, `${measures.copies} copies`);
    t.true((measures.time ?? 0) >= FRAME_OVERHEAD, `${measures.time} of the ideal time`);
    t.true((measures.cpu ?? 0) > 0);
    t.deepEqual(await namespacesOf(process.pid), []);
  },
);

inOffice('links break one by one, and heal', async (t) => {
  await using office = await openBranchOffice({ hosts: 2 });
  const [host, neighbour] = office.hosts;
  if (host === undefined || neighbour === undefined) throw new RangeError('an office of two');
  const { wan } = office;
  const reached = async (): Promise<string> => {
    const [origin, other] = await Promise.all(
      [wan.originAddress, neighbour.address].map((address) => isReached(host, address)),
    );
    return `origin ${origin}, neighbour ${other}`;
  };
  t.is(await reached(), 'origin true, neighbour true');
  await office.isolate(host);
  t.is(await reached(), 'origin true, neighbour false', 'off its neighbours');
  await office.rejoin(host);
  t.is(await reached(), 'origin true, neighbour true', 'with its neighbours again');
  await wan.cut();
  t.is(await reached(), 'origin false, neighbour true', 'without the WAN');
  await wan.heal();
  t.is(await reached(), 'origin true, neighbour true', 'with the WAN again');
  await office.pullCable(host);
  t.is(await reached(), 'origin false, neighbour false', 'without its cable');
  await office.plugCable(host);
  await eventually(async () => (await reached()) === 'origin true, neighbour true');
});

inOffice('nothing is left of an office whose process was killed', async (t) => {
  const child = spawn(process.execPath, [IDLE_OFFICE], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line]: string[] = await once(createInterface({ input: child.stdout }), 'line');
  const { folder, host }: { folder: string; host: string } = JSON.parse(line ?? '');
  const within = (await ip('netns', 'pids', host)).trim();
  t.true(existsSync(folder) && existsSync(`/proc/${within}`));
  child.kill('SIGKILL');
  await eventually(async () => !existsSync(folder) && !existsSync(`/proc/${within}`));
  t.deepEqual(await namespacesOf(child.pid ?? 0), []);
});

test('runs make a median, but one wrong end counts; what is not a number falls short', (t) => {
  const runs = [
    { copies: 1.1, wrong: 0 },
    { copies: 1.05, wrong: 2 },
    { copies: 1.06, wrong: 0 },
  ];
  t.deepEqual(combined(runs), { copies: 1.06, wrong: 2 });
  t.false(isShort(1.05, 1.05));
  t.true(isShort(1.06, 1.05));
  t.true(isShort(Number.NaN, 1.05));
  t.false(isShort(Number.NaN, undefined));
});

async function namespacesOf(pid: number): Promise<string[]> {
  const all = (await ip('netns', 'list')).split('\n');
  return all.filter((name) => name.startsWith(`pc-${pid}-`));
}

async function isReached(host: LanHost, address: string): Promise<boolean> {
  try {
    await host.run('ping', '-q', '-c', '1', '-W', '1', address);
    return true;
  } catch {
    // Its exit code tells that no answer came.
    return false;
  }
}
