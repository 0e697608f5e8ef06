import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

const BIN = fileURLToPath(new URL('bin.ts', import.meta.url));
/** Commands start twice as fast when their types are not stripped each time. */
const COMPILE_CACHE = fileURLToPath(
  new URL('../../../../node_modules/.cache/peer-cache-test', import.meta.url),
);

/** How a command ended. */
export interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface RunningCommand {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<CommandEnd>;
  /** Resolves when the output has the pattern; rejects when the command ends before. */
  readonly untilSaid: (pattern: RegExp) => Promise<RegExpExecArray>;
}

/** A user with a home of its own, who shares with this machine only. Gone after the test. */
export class User {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #t: ExecutionContext;

  constructor(t: ExecutionContext, home: string) {
    this.#t = t;
    this.home = home;
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      XDG_RUNTIME_DIR: home,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      PEER_CACHE_SHARING_LOOPBACK: 'true',
      PEER_CACHE_SHARING_PORT: '0',
      PEER_CACHE_STORE_LIMIT: '1 GiB',
    };
  }

  static async create(t: ExecutionContext): Promise<User> {
    const home = await mkdtemp(join(tmpdir(), 'peer-cache-'));
    t.teardown(() => rm(home, { recursive: true, force: true }));
    return new User(t, home);
  }

  path(name: string): string {
    return join(this.home, name);
  }

  /** Starts a command in the user's home; whatever still runs at the end of the test is ended. */
  start(...args: readonly string[]): RunningCommand {
    const child = spawn(process.execPath, [BIN, ...args], { cwd: this.home, env: this.env });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
      });
    }
    const ended = once(child, 'close').then(() => ({ code: child.exitCode, ...said }));
    this.#t.teardown(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    return { child, ended, untilSaid: (pattern) => untilSaid(child, said, pattern) };
  }

  /** Runs a command to its end. */
  async run(...args: readonly string[]): Promise<CommandEnd> {
    const { child, ended } = this.start(...args);
    child.stdin.end();
    return await ended;
  }

  /** Starts this user's agent and waits until it answers. */
  async startAgent(): Promise<RunningCommand> {
    const agent = this.start('agent');
    await agent.untilSaid(/agent started/);
    return agent;
  }

  /** Serves a folder; returns its URL without a slash at the end. */
  async startOrigin(folder: string): Promise<string> {
    const origin = this.start('origin', 'serve', folder, '--port', '0');
    const [, url = ''] = await origin.untilSaid(/"url":"(http[^"]+)"/);
    return url;
  }
}

async function untilSaid(
  child: ChildProcessWithoutNullStreams,
  said: { readonly stdout: string; readonly stderr: string },
  pattern: RegExp,
): Promise<RegExpExecArray> {
  const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
  const look = (): void => {
    const match = pattern.exec(said.stdout + said.stderr);
    if (match !== null) resolve(match);
  };
  look();
  child.stdout.on('data', look);
  child.stderr.on('data', look);
  child.once('close', () => {
    reject(new Error(`ended without saying ${pattern.source}:\n${said.stdout}${said.stderr}`));
  });
  return await promise;
}
