import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { Log } from '@peer-cache/core';
import { createControlRoutes } from './control-routes.ts';
import type { ControlledAgent } from './control-routes.ts';
import { AgentRunningError, ControlSocketError } from './errors.ts';
import { isErrno, makePrivateFolder } from './private-files.ts';

export interface ControlServerParts {
  readonly agent: ControlledAgent;
  readonly log: Log;
}

/**
 * Answers commands on a Unix socket that only this user can reach: 0600 in a 0700 folder. What a
 * dead agent left there is replaced.
 *
 * @throws {AgentRunningError} when a live agent answers there
 * @throws {ControlSocketError} when the socket can't be made
 * @throws {PrivateFileError} when its folder is not this user's alone
 */
export async function startControlServer(
  { agent, log }: ControlServerParts,
  { socketPath }: { readonly socketPath: string },
): Promise<AsyncDisposable> {
  await makePrivateFolder(dirname(socketPath));
  await removeStaleSocket(socketPath);
  const app = createControlRoutes(agent, log);
  try {
    await app.listen({ path: socketPath });
    // The folder keeps others out; this says it once more to whoever looks at the socket alone.
    await chmod(socketPath, 0o600);
  } catch (cause) {
    await app.close();
    if (isErrno(cause, 'EADDRINUSE')) throw new AgentRunningError(socketPath);
    throw new ControlSocketError(socketPath, messageOf(cause), { cause });
  }
  log.info({ socketPath }, 'control socket open');
  return { [Symbol.asyncDispose]: () => app.close() };
}

/**
 * Two agents that start at one moment could both find the same stale socket; but they hold a
 * store by then, which only one of them gets.
 */
async function removeStaleSocket(socketPath: string): Promise<void> {
  try {
    const stats = await lstat(socketPath);
    if (!stats.isSocket()) throw new ControlSocketError(socketPath, 'it is a file; remove it');
    if (await answers(socketPath)) throw new AgentRunningError(socketPath);
    await unlink(socketPath);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

async function answers(socketPath: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(socketPath);
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
