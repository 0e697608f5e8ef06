import { chmod, lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ListenFailedError, startMachineServer } from '@peer-cache/server';
import type { MachineServer, MachineServerParts } from '@peer-cache/server';
import { isErrno } from '../private-files.ts';
import { freeSocketPlace } from '../stale-socket.ts';
import { MachineSocketError } from './errors.ts';

const FOLDER_MODE = 0o755;
const OTHERS_WRITE = 0o022;

/**
 * Serves the users of this machine on a socket that all of them may use, in a folder that all of
 * them may enter and only this user may write to. What a dead agent left there is replaced.
 *
 * @throws {MachineSocketError} when something else is there, or the folder is not so
 */
export async function serveMachine(
  parts: MachineServerParts,
  { socketPath }: { readonly socketPath: string },
): Promise<MachineServer> {
  try {
    await makeOpenFolder(socketPath);
    await removeStale(socketPath);
    return await startMachineServer(parts, { socketPath });
  } catch (cause) {
    if (cause instanceof MachineSocketError) throw cause;
    if (!(cause instanceof ListenFailedError || isSystemError(cause))) throw cause;
    throw new MachineSocketError(socketPath, cause.message, { cause });
  }
}

async function makeOpenFolder(socketPath: string): Promise<void> {
  const folder = dirname(socketPath);
  try {
    await mkdir(folder);
    // Whatever the umask of a service is.
    await chmod(folder, FOLDER_MODE);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
  const { mode } = await lstat(folder);
  if ((mode & OTHERS_WRITE) === 0 && (mode & 0o001) !== 0) return;
  const reason = `others must be able to enter ${folder} and not to write to it; run: chmod 755 ${folder}`;
  throw new MachineSocketError(socketPath, reason);
}

async function removeStale(socketPath: string): Promise<void> {
  const place = await freeSocketPlace(socketPath);
  if (place === 'file') throw new MachineSocketError(socketPath, 'it is a file; remove it');
  if (place === 'in use') {
    throw new MachineSocketError(socketPath, 'another agent answers there; stop it first');
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
