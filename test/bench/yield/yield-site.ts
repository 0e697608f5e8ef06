import { mkdtemp } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { ip } from '../../../packages/discovery/test/helpers/namespaces.ts';
import type { LanHost } from '../../../packages/discovery/test/helpers/namespaces.ts';
import { AgentHost } from '../../helpers/branch-office/agent-host.ts';
import { openBranchOffice } from '../../helpers/branch-office/office.ts';
import type { BranchOffice } from '../../helpers/branch-office/office.ts';
import { serveContent } from '../../helpers/branch-office/served-content.ts';
import type { Cell } from './cells.ts';
import { LinkWatch } from './link-watch.ts';
import { OfficeUser } from './office-user.ts';
import type { YieldContent } from './yield-content.ts';

/** Hosts by their place: the background, a person's download, somebody at work, seven more. */
export const BACKGROUND = 0;
export const FOREGROUND = 1;
const USER = 2;
const HOSTS = 10;
/** Those with a job each, where there are eight. */
export const EIGHT: readonly number[] = [BACKGROUND, 3, 4, 5, 6, 7, 8, 9];

const UP_MBIT = 10;
const MIB = 2 ** 20;
/** Of processes, as `nice` has it. */
const EARLY = -10;

export interface YieldSetup {
  /** The built command. */
  readonly bin: string;
  readonly cell: Cell;
  readonly content: YieldContent;
  /** Of one phase. */
  readonly seconds: number;
}

/** An office in which everything of one run happens. */
export interface YieldSite extends YieldSetup {
  readonly office: BranchOffice;
  readonly watch: LinkWatch;
  readonly user: OfficeUser;
}

/** Opens an office with that kind of WAN, does something in it, and closes it. */
export async function inYieldSite<T>(
  setup: YieldSetup,
  use: (site: YieldSite) => Promise<T>,
): Promise<T> {
  const { mbit, ...wan } = setup.cell;
  await using office = await openBranchOffice({
    hosts: HOSTS,
    downMbit: mbit,
    upMbit: UP_MBIT,
    ...wan,
  });
  // Each download is to find its own way, not to profit from what the one before has learnt.
  await office.wan.origin.run('sysctl', '-qw', 'net.ipv4.tcp_no_metrics_save=1');
  await using _origin = await serveContent(office.wan, setup.content, office.folder);
  await goFirst(office.wan.origin);
  await using watch = await LinkWatch.start(office);
  const user = await OfficeUser.start(hostOf(office, USER), office.wan);
  return await use({ ...setup, office, watch, user });
}

/** Eight agents at work keep all processors busy; the origin is a machine of its own. */
async function goFirst({ namespace }: LanHost): Promise<void> {
  const pids = (await ip('netns', 'pids', namespace)).split('\n').filter(Boolean);
  for (const pid of pids) setPriority(Number(pid), EARLY);
}

/** A host by its place, from 0 on. */
export function hostOf({ hosts }: BranchOffice, index: number): LanHost {
  const host = hosts[index];
  if (host === undefined) throw new RangeError(`no host ${index} of ${hosts.length}`);
  return host;
}

/** A folder that nothing has used before; it goes with the office. */
export async function newFolder({ office }: YieldSite): Promise<string> {
  return await mkdtemp(join(office.folder, 'h'));
}

/** An agent that has nothing yet, and answers; it ends when it is disposed of. */
export async function startAgentOn(site: YieldSite, index: number): Promise<AgentHost> {
  const { office, content, bin } = site;
  const limitMib = Math.ceil((2 * content.file.sizeBytes) / MIB) + 64;
  const set = [`origins.sidecars=${office.wan.originUrl}`, `store.limit=${limitMib} MiB`];
  const agent = await AgentHost.create(hostOf(office, index), await newFolder(site), { bin, set });
  await agent.startAgent();
  return agent;
}
