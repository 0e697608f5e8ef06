import { chmod } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createControlRoutes } from './control-routes.ts';
import type { ControlOptions, ControlParts } from './control-routes.ts';
import { AgentRunningError, ControlSocketError } from './errors.ts';
import { isErrno, makePrivateFolder } from './private-files.ts';
import { freeSocketPlace } from './stale-socket.ts';

export interface ControlServerOptions extends ControlOptions {
  readonly socketPath: string;
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
  parts: ControlParts,
  { socketPath, ...options }: ControlServerOptions,
): Promise<AsyncDisposable> {
  await makePrivateFolder(dirname(socketPath));
  await removeStaleSocket(socketPath);
  const app = createControlRoutes(parts, options);
  try {
    await app.listen({ path: socketPath });
    // The folder keeps others out; this says it once more to whoever looks at the socket alone.
    await chmod(socketPath, 0o600);
  } catch (cause) {
    await app.close();
    if (isErrno(cause, 'EADDRINUSE')) throw new AgentRunningError(socketPath);
    throw new ControlSocketError(socketPath, messageOf(cause), { cause });
  }
  parts.log.info({ socketPath }, 'control socket open');
  return { [Symbol.asyncDispose]: () => app.close() };
}

/**
 * Two agents that start at one moment could both find the same stale socket; but they hold a
 * store by then, which only one of them gets.
 */
async function removeStaleSocket(socketPath: string): Promise<void> {
  const place = await freeSocketPlace(socketPath);
  if (place === 'file') throw new ControlSocketError(socketPath, 'it is a file; remove it');
  if (place === 'in use') throw new AgentRunningError(socketPath);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
