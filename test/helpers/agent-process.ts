import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { JobClient } from './job-client.ts';

const PEER_CACHE = fileURLToPath(new URL('../../packages/peer-cache/src/bin.ts', import.meta.url));
const PLACES = ['CONFIG_HOME', 'DATA_HOME', 'STATE_HOME', 'CACHE_HOME', 'RUNTIME_DIR'];
const POLL_MS = 20;
const MOST_LINES_KEPT = 400;

export interface AgentStart {
  /** `key=value`, as after `--set`. */
  readonly set?: readonly string[];
  /** What the agent is started by, such as `ip netns exec NAME`. */
  readonly wrapper?: readonly string[];
  /** The command; that of the sources unless it is given. */
  readonly bin?: string;
}

/** The folders of a user, and the agents that live in them, one after the other. */
export class AgentHome {
  readonly folder: string;
  /** Commands reach whichever agent runs. */
  readonly client: JobClient;
  readonly socketPath: string;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(folder: string) {
    this.folder = folder;
    const places = PLACES.map((place) => [`XDG_${place}`, join(folder, place)]);
    const { PATH } = process.env;
    this.#environment = { PATH, HOME: folder, ...Object.fromEntries(places) };
    this.socketPath = join(folder, 'RUNTIME_DIR', 'peer-cache', 'control.sock');
    this.client = new JobClient(this.socketPath);
  }

  static async create(folder: string): Promise<AgentHome> {
    await mkdir(join(folder, 'RUNTIME_DIR'), { recursive: true, mode: 0o700 });
    return new AgentHome(folder);
  }

  /** Starts a real agent; it may be killed before it is ready. */
  spawn({ set = [], wrapper = [], bin = PEER_CACHE }: AgentStart = {}): AgentProcess {
    const settings = set.flatMap((setting) => ['--set', setting]);
    const command = [...wrapper, process.execPath, bin, 'agent', ...settings];
    // `env` becomes the agent, whose process it then is.
    const child = spawn('env', command, {
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new AgentProcess(child);
  }

  /** The same, answering. */
  async start(options?: AgentStart): Promise<AgentProcess> {
    const agent = this.spawn(options);
    await agent.ready;
    return agent;
  }
}

/** A real agent; killed when disposed, if it still runs. */
export class AgentProcess implements AsyncDisposable {
  readonly ready: Promise<void>;
  /** Its exit code; undefined where a signal ended it. */
  readonly exited: Promise<number | undefined>;
  /** The latest lines of its log. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    // Whoever kills it before does not wait for it.
    this.ready.catch(() => undefined);
    this.exited = once(child, 'close').then(([code]) =>
      typeof code === 'number' ? code : undefined,
    );
    void this.exited.then(() => ready.reject(new Error(`the agent ended:\n${this.tail()}`)));
    for (const output of [child.stdout, child.stderr]) {
      if (output === null) continue;
      createInterface({ input: output }).on('line', (line) => {
        this.lines.push(line);
        if (this.lines.length > MOST_LINES_KEPT) this.lines.shift();
        if (line.includes('"agent started"')) ready.resolve();
      });
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when its log has this among its latest lines. */
  async said(text: string): Promise<void> {
    while (!this.lines.some((line) => line.includes(text))) {
      if (!this.isRunning) throw new Error(`the agent ended without saying ${text}`);
      await sleep(POLL_MS);
    }
  }

  /** What it said last, for whoever looks into a failure. */
  tail(): string {
    return this.lines.slice(-25).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL');
    await this.exited;
  }
}
