import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { NODE_FLAGS } from '../../packages/agent/src/service/service-units.ts';
import { run } from './measure.ts';
import type { Finished } from './measure.ts';
import { freePort } from './nginx.ts';

/** A user's folders on this machine, so that several agents run side by side, as built. */
export class Machine {
  readonly folder: string;
  readonly #bin: string;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(bin: string, folder: string) {
    this.#bin = bin;
    this.folder = folder;
    const places = ['RUNTIME_DIR', 'CACHE_HOME', 'STATE_HOME', 'DATA_HOME', 'CONFIG_HOME'];
    const xdg = places.map((place) => [`XDG_${place}`, join(folder, place)]);
    this.#environment = { ...process.env, ...Object.fromEntries(xdg), HOME: folder };
  }

  /** Of the agent's control socket. */
  get socketPath(): string {
    return join(this.folder, 'RUNTIME_DIR', 'peer-cache', 'control.sock');
  }

  static async create(bin: string, folder: string): Promise<Machine> {
    await mkdir(join(folder, 'RUNTIME_DIR'), { recursive: true, mode: 0o700 });
    return new Machine(bin, folder);
  }

  /** Runs a command of peer-cache to its end. */
  async run(...args: string[]): Promise<Finished> {
    const options = { env: this.#environment };
    return await run(process.execPath, [this.#bin, ...args], options);
  }

  /** Starts the agent on loopback, as its service does; `limit` is that of the store. */
  async startAgent(limit: string): Promise<RunningProgram> {
    const set = ['sharing.loopback=true', `store.limit=${limit}`].flatMap((each) => [
      '--set',
      each,
    ]);
    return await this.start(['agent', ...set], 'agent started', NODE_FLAGS);
  }

  /** Starts a command and waits until it prints a line with `sign`. */
  async start(
    args: string[],
    sign: string,
    flags: readonly string[] = [],
  ): Promise<RunningProgram> {
    const child = spawn(process.execPath, [...flags, this.#bin, ...args], {
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.includes(sign)) continue;
      child.stdout.resume();
      return new RunningProgram(child, line);
    }
    throw new Error(`${args.join(' ')} ended before it said ${sign}`);
  }
}

export interface RunningOrigin extends AsyncDisposable {
  readonly url: string;
}

/** Starts an origin that serves a folder on a free port of loopback. */
export async function startOrigin(machine: Machine, served: string): Promise<RunningOrigin> {
  const port = await freePort();
  const origin = await machine.start(['origin', 'serve', served, '--port', `${port}`], 'http');
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose](),
  };
}

export class RunningProgram implements AsyncDisposable {
  /** The line that said that it runs. */
  readonly said: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(child: ChildProcess, said: string) {
    this.#child = child;
    this.#ended = once(child, 'exit');
    this.said = said;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }
}
