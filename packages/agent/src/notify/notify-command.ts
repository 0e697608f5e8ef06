import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { PeerCacheError } from '@peer-cache/core';

/** A program that the configuration names for notifications may not be started. */
export class NotifyCommandError extends PeerCacheError {
  readonly code = 'NOTIFY_COMMAND';

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path} is not started: ${reason}`, options);
  }
}

/** Of `stat`, what says who may change something. */
interface Rights {
  readonly uid: number;
  readonly mode: number;
}

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
/** Opening a named pipe would wait for its other end. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a program that may be started for notifications: a regular file of root or this user that
 * nobody else can change or replace. What was checked is the open file, so start that.
 *
 * @throws {NotifyCommandError} for any other
 */
export async function openNotifyCommand(path: string): Promise<FileHandle> {
  try {
    const real = await realpath(path);
    // Each link on the way would have folders of its own to check.
    if (real !== path) throw new NotifyCommandError(path, `a link leads to it; name ${real}`);
    for (const folder of foldersAbove(path)) await checkFolder(path, folder);
    return await openChecked(path);
  } catch (error) {
    if (error instanceof NotifyCommandError || !(error instanceof Error)) throw error;
    const reason = 'code' in error ? String(error.code) : error.message;
    throw new NotifyCommandError(path, `it can't be opened (${reason})`, { cause: error });
  }
}

/** Why a program may not be started, or undefined where it may. */
export async function notifyCommandProblem(path: string): Promise<string | undefined> {
  try {
    await using _file = await openNotifyCommand(path);
    return undefined;
  } catch (error) {
    if (error instanceof NotifyCommandError) return error.message;
    throw error;
  }
}

async function openChecked(path: string): Promise<FileHandle> {
  const file = await open(path, OPEN_FLAGS);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new NotifyCommandError(path, 'it is no regular file');
    checkRights(path, stats, 'it');
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function checkFolder(path: string, folder: string): Promise<void> {
  const stats = await stat(folder);
  // In a sticky folder such as /tmp nobody can replace what root or this user has there.
  const isSticky = (stats.mode & STICKY) !== 0;
  const mode = isSticky ? 0 : stats.mode;
  checkRights(path, { uid: stats.uid, mode }, `the folder ${folder}`);
}

function checkRights(path: string, { uid, mode }: Rights, what: string): void {
  // Windows has access lists instead.
  if (process.getuid === undefined) return;
  if (uid !== 0 && uid !== process.getuid()) {
    throw new NotifyCommandError(path, `user ${uid} owns ${what}; only root and this user may`);
  }
  if ((mode & WRITABLE_BY_OTHERS) !== 0) {
    const target = what === 'it' ? path : what.replace('the folder ', '');
    throw new NotifyCommandError(path, `others can write to ${what}; run: chmod go-w ${target}`);
  }
}

function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersAbove(folder)];
}
