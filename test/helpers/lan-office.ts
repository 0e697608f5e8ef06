import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LAN_INTERFACE } from '../../packages/discovery/test/helpers/namespaces.ts';
import type { LanHost, LanProcess } from '../../packages/discovery/test/helpers/namespaces.ts';

const PEER_CACHE = fileURLToPath(new URL('../../packages/peer-cache/src/bin.ts', import.meta.url));

/** The last event of `peer-cache get --json`. */
export interface GetResult {
  readonly event: 'done' | 'failed';
  readonly code?: string;
  readonly digest?: string;
  readonly bytes?: { readonly store: number; readonly peers: number; readonly origin: number };
}

/** A machine of the office: a host of the LAN with folders and a user of its own. */
export class Machine {
  readonly host: LanHost;
  readonly folder: string;
  readonly #environment: string[];

  private constructor(host: LanHost, folder: string) {
    this.host = host;
    this.folder = folder;
    const places = ['RUNTIME_DIR', 'CACHE_HOME', 'STATE_HOME', 'DATA_HOME', 'CONFIG_HOME'];
    this.#environment = places.map((place) => `XDG_${place}=${join(folder, place)}`);
    this.#environment.push(`HOME=${folder}`);
  }

  static async create(host: LanHost, folder: string): Promise<Machine> {
    await mkdir(join(folder, 'RUNTIME_DIR'), { recursive: true, mode: 0o700 });
    return new Machine(host, folder);
  }

  spawn(...args: string[]): LanProcess {
    return this.host.spawn('env', ...this.#environment, process.execPath, PEER_CACHE, ...args);
  }

  /** Runs a command to its end; gives what it printed, whatever its exit code. */
  async run(...args: string[]): Promise<string> {
    const child = this.spawn(...args);
    let printed = '';
    child.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()));
    await once(child, 'close');
    return printed;
  }

  /** Starts the agent and waits until it answers. */
  async startAgent(): Promise<LanProcess> {
    const agent = this.spawn('agent');
    const lines = createInterface({ input: agent.stdout });
    for await (const line of lines) if (line.includes('agent started')) break;
    agent.stdout.resume();
    return agent;
  }

  async get(url: string, path: string, ...args: string[]): Promise<GetResult> {
    const printed = await this.run('get', url, '-o', path, '--json', ...args);
    const last = printed.trim().split('\n').at(-1) ?? '';
    return JSON.parse(last);
  }

  /** Bytes that have left this host through its LAN interface, frames included. */
  async sentBytes(): Promise<number> {
    const shown = await this.host.run('ip', '-s', '-j', 'link', 'show', LAN_INTERFACE);
    return JSON.parse(shown)[0].stats64.tx.bytes;
  }
}

/** Waits until something holds, asking again; for what has no event to wait for. */
export async function eventually(claim: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await claim()) return;
    await sleep(50);
  }
  throw new Error('it never held');
}
