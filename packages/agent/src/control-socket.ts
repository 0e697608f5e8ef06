import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { FOLDERS } from './config/folders.ts';
import { ControlSocketError } from './errors.ts';

/** What `sockaddr_un` has room for, less the final NUL. */
const MOST_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;

/**
 * Where the agent of this user answers its commands: what `PEER_CACHE_SOCKET` names, else in the
 * user's runtime folder, else beside the user's secrets, else (where that path is too long for a
 * socket) in a folder of the user's own below `/tmp`.
 *
 * @throws {ControlSocketError} when the named path is too long.
 */
export function controlSocketPath(env: Readonly<Record<string, string | undefined>>): string {
  const named = env['PEER_CACHE_SOCKET'];
  if (named !== undefined) return checkLength(named);
  const uid = process.getuid?.() ?? 0;
  const runtimeFolder = env['XDG_RUNTIME_DIR'] ?? usualRuntimeFolder(uid);
  const inRuntimeFolder = runtimeFolder && join(runtimeFolder, 'peer-cache', 'control.sock');
  const candidates = [inRuntimeFolder, join(FOLDERS.secrets, 'control.sock')];
  const fitting = candidates.find((path) => path !== undefined && fits(path));
  return fitting ?? `/tmp/peer-cache-${uid}/control.sock`;
}

/** A command run by cron has no `XDG_RUNTIME_DIR`, but shall find the agent of the session. */
function usualRuntimeFolder(uid: number): string | undefined {
  const usual = `/run/user/${uid}`;
  return existsSync(usual) ? usual : undefined;
}

function checkLength(path: string): string {
  if (fits(path)) return path;
  const reason = `the path has more than ${MOST_PATH_BYTES} bytes; name a shorter one`;
  throw new ControlSocketError(path, reason);
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= MOST_PATH_BYTES;
}
