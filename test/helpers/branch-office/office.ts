import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ip,
  LAN_INTERFACE,
  makeLan,
  whyNoNamespaces,
} from '../../../packages/discovery/test/helpers/namespaces.ts';
import type { Lan, LanHost } from '../../../packages/discovery/test/helpers/namespaces.ts';
import { isolate, limitCables, rejoin, setCable } from './lan-faults.ts';
import { missingPrograms } from './missing-programs.ts';
import { linkBytes } from './traffic.ts';
import { WanLink } from './wan-link.ts';
import type { WanOptions } from './wan-link.ts';
import { watchOver } from './watchdog.ts';

export interface OfficeOptions extends Partial<WanOptions> {
  readonly hosts: number;
  /** Towards the branch; 50 unless given. */
  readonly downMbit?: number;
  /** 10 unless given. */
  readonly upMbit?: number;
  /** Of each host's cable, in both directions; 1000 unless given. */
  readonly lanMbit?: number;
}

const LAN_NETWORK = '10.77.0.0/24';

/** Why a branch office can't be built here, or undefined if it can. */
export function whyNoOffice(): string | undefined {
  const why = whyNoNamespaces();
  if (why !== undefined) return why;
  const missing = missingPrograms(['tc', 'ethtool', 'ping', 'sysctl', 'nginx']);
  return missing.length > 0 ? `a branch office needs ${missing.join(', ')}` : undefined;
}

/** `origin -- isp -- (WAN) -- router -- bridge -- hosts`, each a network namespace. */
export async function openBranchOffice(options: OfficeOptions): Promise<BranchOffice> {
  const { hosts, downMbit = 50, upMbit = 10, lanMbit = 1000, ...wanOptions } = options;
  await using stack = new AsyncDisposableStack();
  const lan = await makeLan({ hosts: 0 });
  const folder = await mkdtemp(join(tmpdir(), 'pc-office-'));
  stack.use(watchOver({ prefix: lan.prefix, folder }));
  stack.use(lan);
  for (let host = 0; host < hosts; host++) await lan.addHost();
  const wan = await WanLink.open(lan, { ...wanOptions, downMbit, upMbit });
  for (const host of lan.hosts) await prepare(host, wan);
  await limitCables(lan, lanMbit);
  await greetAll(lan, wan);
  return new BranchOffice({ lan, wan, folder, stack: stack.move() });
}

/** The office; all of it is gone, with what runs in it and its folder, when disposed. */
export class BranchOffice implements AsyncDisposable {
  readonly hosts: readonly LanHost[];
  readonly wan: WanLink;
  /** For what its hosts keep; on the disk, as it would be. */
  readonly folder: string;
  readonly #lan: Lan;
  readonly #stack: AsyncDisposableStack;

  constructor(parts: { lan: Lan; wan: WanLink; folder: string; stack: AsyncDisposableStack }) {
    this.hosts = parts.lan.hosts;
    this.wan = parts.wan;
    this.folder = parts.folder;
    this.#lan = parts.lan;
    this.#stack = parts.stack;
  }

  /** Bytes that hosts have sent to each other so far, frames included. */
  async lanBytes(): Promise<number> {
    const all = await Promise.all(
      this.hosts.map(({ namespace }) => linkBytes(namespace, LAN_INTERFACE)),
    );
    const sent = all.reduce((sum, each) => sum + each.sent, 0);
    return sent - (await this.wan.receivedFromLanBytes());
  }

  /** Pulls a host's cable: nobody is told. */
  async pullCable(host: LanHost): Promise<void> {
    await setCable(this.#lan, host, 'down');
  }

  async plugCable(host: LanHost): Promise<void> {
    await setCable(this.#lan, host, 'up');
  }

  /** Cuts a host off its neighbours, while it keeps its WAN. */
  async isolate(host: LanHost): Promise<void> {
    await isolate(this.#lan, host, await this.wan.routerMac());
  }

  async rejoin(host: LanHost): Promise<void> {
    await rejoin(this.#lan, host);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function prepare(host: LanHost, wan: WanLink): Promise<void> {
  const local = `route replace ${LAN_NETWORK} dev ${LAN_INTERFACE} src ${host.address}`;
  await ip('-n', host.namespace, ...`${local} congctl cubic`.split(' '));
  await wan.route(host);
}

/** Has everybody know everybody's hardware address: to find it out first can take a second. */
async function greetAll({ hosts }: Lan, { originAddress }: WanLink): Promise<void> {
  const everybody = [originAddress, ...hosts.map(({ address }) => address)];
  const each = everybody.map((address) => `ping -q -c 1 -W 3 ${address} &`).join(' ');
  for (const host of hosts) await host.run('sh', '-c', `${each} wait`);
}
