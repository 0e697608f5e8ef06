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
  /** What the names of all of its namespaces begin with. */
  readonly prefix: string = `pc-${process.pid}-${randomBytes(3).toString('hex')}`;
  /** The namespace of the bridge. */
  readonly bridge: string = `${this.prefix}-bridge`;
  readonly #network: string;
  readonly #namespaces: string[] = [];
  readonly #nodes: LanHost[] = [];
  /** Where the process ends without disposing, they and what runs in them would stay for ever. */
  readonly #removeAtExit = (): void => {
    for (const name of this.#namespaces) {
      const pids = execFileSync('ip', ['netns', 'pids', name], { encoding: 'utf8' });
      for (const pid of pids.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
      execFileSync('ip', ['netns', 'del', name]);
    }
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
    await this.#addNamespace('bridge');
    await ip('-n', this.bridge, 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0');
    await ip('-n', this.bridge, 'link', 'set', 'br0', 'up');
  }

  async addHost(): Promise<LanHost> {
    const number = this.hosts.length + 1;
    const host = await this.addNode(`h${number}`, number);
    this.hosts.push(host);
    await this.plugIn(host);
    return host;
  }

  /** A machine with nothing plugged in, and the last number of its address should it be. */
  async addNode(name: string, number: number): Promise<LanHost> {
    const namespace = await this.#addNamespace(name);
    const node = new LanHost(namespace, { address: `${this.#network}.${number}`, number });
    this.#nodes.push(node);
    await ip('-n', namespace, 'link', 'set', 'lo', 'up');
    return node;
  }

  /** Connects a machine to the bridge, with its address. */
  async plugIn(host: LanHost): Promise<void> {
    const { namespace, address, port } = host;
    const near = `${LAN_INTERFACE} netns ${namespace}`;
    const far = `${port} netns ${this.bridge}`;
    await ip(...`link add ${near} type veth peer name ${far}`.split(' '));
    await ip('-n', this.bridge, 'link', 'set', port, 'master', 'br0', 'up');
    // Without it a link-local IPv6 address can't be used for a second or two.
    await host.run('sysctl', '-qw', `net.ipv6.conf.${LAN_INTERFACE}.accept_dad=0`);
    await ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', LAN_INTERFACE);
    await ip('-n', namespace, 'link', 'set', LAN_INTERFACE, 'up');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node[Symbol.asyncDispose]()));
    for (const name of this.#namespaces) await ip('netns', 'del', name);
    process.off('exit', this.#removeAtExit);
  }

  async #addNamespace(suffix: string): Promise<string> {
    const name = `${this.prefix}-${suffix}`;
    await ip('netns', 'add', name);
    this.#namespaces.push(name);
    return name;
  }
}

/** A host: its own interfaces, addresses, routes and ports, and the machine's files. */
export class LanHost implements AsyncDisposable {
  readonly namespace: string;
  readonly address: string;
  /** The bridge's end of its cable. */
  readonly port: string;
  readonly #running = new Set<ChildProcess>();

  constructor(
    namespace: string,
    { address, number }: { readonly address: string; readonly number: number },
  ) {
    this.namespace = namespace;
    this.address = address;
    this.port = `port${number}`;
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

/** Runs `ip` and gives what it prints. */
export async function ip(...args: string[]): Promise<string> {
  const { stdout } = await runFile('ip', args, { timeout: 30_000 });
  return stdout;
}
