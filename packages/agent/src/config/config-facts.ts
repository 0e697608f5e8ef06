import { constants, existsSync } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { notifyCommandProblem } from '../notify/notify-command.ts';
import { isErrno } from '../private-files.ts';
import { SECRETS_CREDENTIAL, SERVICE_USER } from '../service/service-units.ts';
import type { Config } from './config.ts';

/** What a configuration meets on this machine. */
export interface ConfigFacts {
  readonly folders: readonly FolderFacts[];
  /** By path: why a command of `notify` may not be started. */
  readonly commandProblems: ReadonlyMap<string, string>;
  /** Whether systemd gives this user's agent a key for the secrets of jobs. */
  readonly hasSecretsKey: boolean;
  /** Undefined where there is nothing like it: without systemd, or for root. */
  readonly isLingering: boolean | undefined;
  readonly userName: string;
}

export interface FolderFacts {
  /** The setting that names it. */
  readonly key: string;
  readonly path: string;
  /** Whether it, or the nearest folder above that exists, can be written to. */
  readonly isWritable: boolean;
  /** Name of the file system, where others than this machine can write to it as well. */
  readonly networkFileSystem: string | undefined;
}

/** Of the kernel's `magic.h`. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff53_4d42, 'CIFS'],
  [0xfe53_4d42, 'SMB2'],
  [0x5346_414f, 'AFS'],
  [0x00c3_6400, 'Ceph'],
  [0x0bd0_0bd0, 'Lustre'],
  [0x0102_1997, '9P'],
  [0x7461_636f, 'OCFS2'],
  [0x0116_1970, 'GFS2'],
]);
/** Where systemd looks for what it decrypts for a service. */
const CREDENTIAL_FOLDERS = ['/etc', '/run', '/usr/local/lib', '/usr/lib'].map((folder) =>
  join(folder, 'credstore.encrypted'),
);
const LINGER_FOLDER = '/var/lib/systemd/linger';

/** Looks at what {@link ConfigFacts} has; changes nothing. */
export async function gatherConfigFacts(config: Config): Promise<ConfigFacts> {
  const { username: userName } = userInfo();
  return {
    folders: await Promise.all([
      folderFacts('store.folder', config.store.folder),
      folderFacts('jobs.folder', config.jobs.folder),
    ]),
    commandProblems: await commandProblems(config),
    hasSecretsKey: hasSecretsKey(userName),
    isLingering: isLingering(userName),
    userName,
  };
}

async function commandProblems({ notify }: Config): Promise<Map<string, string>> {
  const problems = new Map<string, string>();
  for (const target of Object.values(notify)) {
    const path = target.kind === 'command' ? target.path : undefined;
    const problem = path === undefined ? undefined : await notifyCommandProblem(path);
    if (path !== undefined && problem !== undefined) problems.set(path, problem);
  }
  return problems;
}

async function folderFacts(key: string, path: string): Promise<FolderFacts> {
  const there = await nearestThere(path);
  const isWritable = await access(there, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  return { key, path, isWritable, networkFileSystem: await networkFileSystemOf(there) };
}

/** The folder, or the nearest above it that exists. */
async function nearestThere(path: string): Promise<string> {
  try {
    await access(path);
    return path;
  } catch (error) {
    const isAbsent = isErrno(error, 'ENOENT') && dirname(path) !== path;
    return isAbsent ? await nearestThere(dirname(path)) : path;
  }
}

async function networkFileSystemOf(path: string): Promise<string | undefined> {
  // Other systems number their file systems otherwise.
  if (process.platform !== 'linux') return undefined;
  try {
    const { type } = await statfs(path);
    return NETWORK_FILE_SYSTEMS.get(type >>> 0);
  } catch {
    // A folder that can't be looked into can't be written to either, and that is told.
    return undefined;
  }
}

/** Only the machine's agent is given the key: users' service managers have none to decrypt with. */
function hasSecretsKey(userName: string): boolean {
  const isForService = userName === SERVICE_USER || process.getuid?.() === 0;
  const isThere = CREDENTIAL_FOLDERS.some((folder) => existsSync(join(folder, SECRETS_CREDENTIAL)));
  return isForService && isThere;
}

function isLingering(userName: string): boolean | undefined {
  const hasLogind = process.platform === 'linux' && existsSync('/run/systemd/system');
  return hasLogind && process.getuid?.() !== 0
    ? existsSync(join(LINGER_FOLDER, userName))
    : undefined;
}
