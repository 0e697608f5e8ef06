import { execFile, execFileSync, spawn } from 'node:child_process';
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';

/*
 * Separate hosts on one machine: network namespaces on a bridge, which itself is in a namespace, so
 * that nothing of this machine's own network is touched. Needs Linux, root and iproute2.
 */

const runFile = promisify(execFile);

/** The interface of every host on its LAN. */
export const LAN_INTERFACE = 'lan0';

export interface LanOptions {
  readonly hosts: number;
  /** The first three numbers of the addresses; 10.77.0, so the hosts are 10.77.0.1, .2... */
  readonly network?: string | undefined;
}

export type LanProcess = ChildProcessByStdio<Writable, Readable, null>;

/** Why hosts can't be made here, or undefined if they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces need Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (!['/sbin/ip', '/usr/sbin/ip', '/bin/ip', '/usr/bin/ip'].some((path) => existsSync(path))) {
    return 'network namespaces need iproute2';
  }
  return undefined;
}

/** Hosts on one bridge, as many as asked for; all gone, with what runs in them, when disposed. */
export async function makeLan({ hosts: count, network = '10.77.0' }: LanOptions): Promise<Lan> {
  const lan = new Lan(network);
  try {
    await lan.open();
    for (let host = 0; host < count; host++) await lan.addHost();
    return lan;
  } catch (error) {
    await lan[Symbol.asyncDispose]();
    throw error;
  }
}

export class Lan implements AsyncDisposable {
  readonly hosts: LanHost[] = [];
  readonly #prefix = `pc-${process.pid}-${randomBytes(3).toString('hex')}`;
  readonly #network: string;
  readonly #namespaces: string[] = [];
  /** Where the process ends without disposing, the namespaces would stay for ever. */
  readonly #removeAtExit = (): void => {
    for (const name of this.#namespaces) execFileSync('ip', ['netns', 'del', name]);
  };

  constructor(network: string) {
    this.#network = network;
  }

  /** A host by its place, from 0 on. */
  host(index: number): LanHost {
    const host = this.hosts[index];
    if (host === undefined) throw new RangeError(`no host ${index} of ${this.hosts.length}`);
    return host;
  }

  async open(): Promise<void> {
    process.once('exit', this.#removeAtExit);
    const bridge = await this.#addNamespace('bridge');
    await ip('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0');
    await ip('-n', bridge, 'link', 'set', 'br0', 'up');
  }

  async addHost(): Promise<LanHost> {
    const number = this.hosts.length + 1;
    const bridge = `${this.#prefix}-bridge`;
    const namespace = await this.#addNamespace(`h${number}`);
    const port = `port${number}`;
    const near = `${LAN_INTERFACE} netns ${namespace}`;
    const far = `${port} netns ${bridge}`;
    await ip(...`link add ${near} type veth peer name ${far}`.split(' '));
    await ip('-n', bridge, 'link', 'set', port, 'master', 'br0', 'up');
    const host = new LanHost(namespace, `${this.#network}.${number}`);
    this.hosts.push(host);
    // Without it a link-local IPv6 address can't be used for a second or two.
    await host.run('sysctl', '-qw', `net.ipv6.conf.${LAN_INTERFACE}.accept_dad=0`);
    await ip('-n', namespace, 'link', 'set', 'lo', 'up');
    await ip('-n', namespace, 'addr', 'add', `${host.address}/24`, 'dev', LAN_INTERFACE);
    await ip('-n', namespace, 'link', 'set', LAN_INTERFACE, 'up');
    return host;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.hosts.map((host) => host[Symbol.asyncDispose]()));
    for (const name of this.#namespaces) await ip('netns', 'del', name);
    process.off('exit', this.#removeAtExit);
  }

  async #addNamespace(suffix: string): Promise<string> {
    const name = `${this.#prefix}-${suffix}`;
    await ip('netns', 'add', name);
    this.#namespaces.push(name);
    return name;
  }
}

/** A host: its own interfaces, addresses, routes and ports, and the machine's files. */
export class LanHost implements AsyncDisposable {
  readonly namespace: string;
  readonly address: string;
  readonly #running = new Set<ChildProcess>();

  constructor(namespace: string, address: string) {
    this.namespace = namespace;
    this.address = address;
  }

  /** Runs a command on this host to its end and gives what it prints. */
  async run(command: string, ...args: string[]): Promise<string> {
    const inHost = ['netns', 'exec', this.namespace, command, ...args];
    const { stdout } = await runFile('ip', inHost, { timeout: 30_000 });
    return stdout;
  }

  /** Starts a command on this host; it is killed with the LAN if not before. */
  spawn(command: string, ...args: string[]): LanProcess {
    const child = spawn('ip', ['netns', 'exec', this.namespace, command, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    // It may be gone before it read all.
    child.stdin.on('error', () => {});
    return child;
  }

  /** Plugs the cable in or out. */
  async setLink(state: 'up' | 'down'): Promise<void> {
    await ip('-n', this.namespace, 'link', 'set', LAN_INTERFACE, state);
  }

  async addAddress(addressAndLength: string): Promise<void> {
    await ip('-n', this.namespace, 'addr', 'add', addressAndLength, 'dev', LAN_INTERFACE);
  }

  async removeAddress(addressAndLength: string): Promise<void> {
    await ip('-n', this.namespace, 'addr', 'del', addressAndLength, 'dev', LAN_INTERFACE);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map(killed));
  }
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function ip(...args: string[]): Promise<void> {
  await runFile('ip', args, { timeout: 30_000 });
}
