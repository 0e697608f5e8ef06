import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { isErrno } from './private-files.ts';

/** What is at the path of a Unix socket: nothing (any more), a file, or a socket that is in use. */
export type SocketPlace = 'free' | 'file' | 'in use';

/** Makes room for a socket: removes one that nobody answers on, and nothing else. */
export async function freeSocketPlace(socketPath: string): Promise<SocketPlace> {
  try {
    const stats = await lstat(socketPath);
    if (!stats.isSocket()) return 'file';
    if (await answers(socketPath)) return 'in use';
    await unlink(socketPath);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  return 'free';
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
