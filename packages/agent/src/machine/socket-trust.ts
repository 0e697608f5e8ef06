import { lstat, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Who may change what lies at a path. */
export interface PathFacts {
  readonly path: string;
  readonly kind: 'folder' | 'socket' | 'other';
  readonly uid: number;
  readonly mode: number;
}

const ROOT_UID = 0;
const OTHERS_WRITE = 0o022;

/**
 * Why a socket may be a stranger's, or undefined where it can't: the folders above its own belong
 * to root and nobody else may write to them, so that its own folder was made by root or for the
 * user whom root gave it to; and nobody but that user may put a socket there. No name of a user is
 * needed for that. `facts` go from the root of the file system down to the socket.
 */
export function distrustOf(facts: readonly PathFacts[]): string | undefined {
  const [socket, folder, ...above] = facts.toReversed();
  if (socket?.kind !== 'socket') return 'it is no socket';
  if (folder === undefined) return 'it lies in no folder';
  const loose = [folder, ...above].find(({ kind, mode }) => {
    return kind !== 'folder' || (mode & OTHERS_WRITE) !== 0;
  });
  if (loose !== undefined) return `more users than one may write to ${loose.path}`;
  const foreign = above.find(({ uid }) => uid !== ROOT_UID);
  if (foreign !== undefined) return `${foreign.path} is not root's`;
  if (socket.uid !== folder.uid && socket.uid !== ROOT_UID)
    return 'another user than its folder made it';
  return undefined;
}

/** What {@link distrustOf} judges; undefined when nothing is at the path. */
export async function pathFacts(path: string): Promise<PathFacts[] | undefined> {
  try {
    const facts: PathFacts[] = [];
    for (let at = await realpath(path); ; at = dirname(at)) {
      const stats = await lstat(at);
      const kind = stats.isDirectory() ? 'folder' : stats.isSocket() ? 'socket' : 'other';
      facts.unshift({ path: at, kind, uid: stats.uid, mode: stats.mode });
      if (dirname(at) === at) return facts;
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A folder that we may not enter hides what is in it: then it is not there for us. */
function isMissing(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ENOENT' || error.code === 'EACCES' || error.code === 'ENOTDIR';
}
