import { execFile, spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import type { AgentStatus } from '@peer-cache/protocol';
import { controlCall } from '../../packages/agent/test/helpers/control-call.ts';
import { AgentHome } from './agent-process.ts';
import type { AgentProcess } from './agent-process.ts';

const run = promisify(execFile);

/** Users that nobody is. */
const UIDS = { machine: 65_533, a: 65_532, b: 65_531 } as const;

export type UserName = keyof typeof UIDS;

/** Tries to do something with a path, and tells how it went. */
const TRY = `
  const { readdirSync, readFileSync, statSync, writeFileSync } = require('node:fs');
  const [deed, path] = process.argv.slice(1);
  const read = () => (statSync(path).isDirectory() ? readdirSync(path) : readFileSync(path));
  try { deed === 'read' ? read() : writeFileSync(path, ''); console.log('done'); }
  catch ({ code }) { console.log(code); }`;

/** Why there can be no other users here; undefined where there can. */
export function whyNoUsers(): string | undefined {
  if (process.platform !== 'linux') return 'not on Linux';
  if (process.getuid?.() !== 0) return 'only root can become another user';
  const { error } = spawnSync('setpriv', ['--version']);
  return error && 'there is no setpriv';
}

/** One user of the machine, with a home that only this user may enter. */
export class MachineUser {
  readonly uid: number;
  readonly home: AgentHome;
  readonly #set: readonly string[];

  constructor(uid: number, home: AgentHome, set: readonly string[]) {
    this.uid = uid;
    this.home = home;
    this.#set = set;
  }

  path(name: string): string {
    return join(this.home.folder, name);
  }

  get #socket(): string {
    return this.path('RUNTIME_DIR/peer-cache/control.sock');
  }

  async startAgent(): Promise<AgentProcess> {
    const set = ['store.limit=256 MiB', ...this.#set];
    return await this.home.start({ set, wrapper: ['setpriv', ...becoming(this.uid)] });
  }

  async status(): Promise<AgentStatus> {
    const status: AgentStatus = JSON.parse((await controlCall(this.#socket, '/v1/status')).text);
    return status;
  }

  /** Empties the store of this user's agent. */
  async clearsCache(): Promise<void> {
    await controlCall(this.#socket, '/v1/cache/clear', { method: 'POST' });
  }

  /** What comes of this user's try to do something with a path: `done`, or an error's code. */
  async tries(deed: 'read' | 'write', path: string): Promise<string> {
    const args = [...becoming(this.uid), process.execPath, '-e', TRY, deed, path];
    return (await run('setpriv', args, { cwd: '/', timeout: 20_000 })).stdout.trim();
  }
}

export interface Machine extends AsyncDisposable {
  readonly machine: MachineUser;
  readonly a: MachineUser;
  readonly b: MachineUser;
}

/** The user of the machine's agent and two more, each with a home; the folders go in the end. */
export async function machineWithUsers(): Promise<Machine> {
  // Where only root may make folders, as it must be for the users' agents to trust the socket.
  const folder = await mkdtemp('/run/peer-cache-test-');
  await chmod(folder, 0o755);
  const socketPath = join(folder, 'machine', 'machine.sock');
  await mkdir(join(folder, 'machine'));
  await chown(join(folder, 'machine'), UIDS.machine, UIDS.machine);
  const user = async (name: UserName, ...set: readonly string[]): Promise<MachineUser> => {
    const home = await AgentHome.create(join(folder, name === 'machine' ? 'service' : name));
    await chmod(home.folder, 0o700);
    await chownAll(home.folder, UIDS[name]);
    return new MachineUser(UIDS[name], home, [`machine.socket=${socketPath}`, ...set]);
  };
  return {
    machine: await user('machine', 'machine.serve=true', 'sharing.enabled=false'),
    a: await user('a'),
    b: await user('b'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Every file that a process has open, and where it works. */
export async function openPaths(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`);
  const links = [`/proc/${pid}/cwd`, ...names.map((name) => `/proc/${pid}/fd/${name}`)];
  const read = await Promise.allSettled(links.map((link) => run('readlink', [link])));
  return read.flatMap((each) => (each.status === 'fulfilled' ? [each.value.stdout.trim()] : []));
}

function becoming(uid: number): string[] {
  return [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
}

async function chownAll(folder: string, uid: number): Promise<void> {
  await chown(folder, uid, uid);
  const inside = await readdir(folder, { withFileTypes: true });
  for (const { parentPath, name } of inside) await chown(join(parentPath, name), uid, uid);
}
