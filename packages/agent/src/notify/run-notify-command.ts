import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { userInfo } from 'node:os';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { KIB, SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { NotifyCommand } from '../config/notify-settings.ts';
import { notificationBody } from './notification.ts';
import type { Delivery, Notification } from './notification.ts';
import { NotifyCommandError, openNotifyCommand } from './notify-command.ts';

/** Between asking a program to end and ending it. */
const GRACE_MS = 2 * SECOND_MS;
const DRAIN_MS = 100;
const MOST_OUTPUT_BYTES = 4 * KIB;
/** Where the program finds itself: the first descriptor after the usual three. */
const OWN_DESCRIPTOR = 3;

interface Ending {
  readonly exitCode: number | null;
  readonly endedBy: string | null;
}

/**
 * Starts a program with news of a job: the job's ID and state as its arguments, the rest as JSON on
 * standard input, nothing of our environment, in `/`, without a shell or a terminal. It and all that
 * it started are ended when it exits, at its time limit, and when `signal` fires. Exit code 0 means
 * that the news arrived. What it writes goes to the log at `debug`, up to 4 KiB.
 */
export async function runNotifyCommand(
  command: NotifyCommand,
  notification: Notification,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<Delivery> {
  try {
    const { child, ended } = await startCommand(command.path, notification);
    const output = [child.stdout, child.stderr].map(collected);
    child.stdin?.on('error', ignore);
    child.stdin?.end(notificationBody(notification));
    const { isTimedOut, ending } = await endingOf(child, ended, command.timeoutMs, signal);
    await drained(child);
    const [stdout, stderr] = output.map((read) => read());
    log.debug({ jobId: notification.jobId, stdout, stderr }, 'notification command wrote');
    const reason = isTimedOut ? 'time limit' : undefined;
    return { isDelivered: ending.exitCode === 0, facts: { ...ending, reason } };
  } catch (error) {
    signal.throwIfAborted();
    return { isDelivered: false, facts: { reason: reasonOf(error) } };
  }
}

/** Rejects where the program can't be started. */
async function startCommand(
  path: string,
  { jobId, state }: Notification,
): Promise<{ child: ChildProcess; ended: Promise<Ending> }> {
  await using file = await openNotifyCommand(path);
  const child = spawn(startedPath(path), [jobId, state], {
    argv0: path,
    cwd: '/',
    env: cleanEnvironment(),
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', file.fd],
  });
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  child.once('exit', (exitCode, endedBy) => resolve({ exitCode, endedBy }));
  const { promise: started, resolve: succeed, reject } = Promise.withResolvers<void>();
  child.once('spawn', succeed);
  child.once('error', reject);
  await started;
  return { child, ended };
}

/**
 * By its descriptor on Linux: another file put in its place since it was checked is not started.
 * The descriptor stays open in the program, since the interpreter of a script opens it again; a
 * script therefore finds `/proc/self/fd/3` as its own name.
 */
function startedPath(path: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${OWN_DESCRIPTOR}` : path;
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', HOME: homeFolder() };
}

function homeFolder(): string {
  try {
    return userInfo().homedir;
  } catch {
    // A user that the system does not know, as in some containers.
    return '/';
  }
}

/** Waits for the program to end by itself or by force; nothing of it runs on. */
async function endingOf(
  child: ChildProcess,
  ended: Promise<Ending>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ isTimedOut: boolean; ending: Ending }> {
  let isTimedOut = false;
  const limit = setTimeout(() => {
    isTimedOut = true;
    killGroup(child, 'SIGTERM');
  }, timeoutMs).unref();
  const force = setTimeout(() => killGroup(child, 'SIGKILL'), timeoutMs + GRACE_MS).unref();
  const onAbort = (): void => killGroup(child, 'SIGKILL');
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    const ending = await ended;
    // What it left in the background holds the same rights and has no limit of its own.
    killGroup(child, 'SIGKILL');
    return { isTimedOut, ending };
  } finally {
    clearTimeout(limit);
    clearTimeout(force);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Reads on to the end of what it wrote, unless one that got out of its group holds on to that. */
async function drained(child: ChildProcess): Promise<void> {
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  const ends = streams.map((stream) => finished(stream).catch(ignore));
  await Promise.race([Promise.all(ends), wait(DRAIN_MS, undefined, { ref: false })]);
  for (const stream of streams) stream.destroy();
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // All of it has ended.
  }
}

/** Gathers the beginning of what a program writes; the rest is read and dropped. */
function collected(stream: Readable | null): () => string {
  const parts: Buffer[] = [];
  let size = 0;
  stream?.on('data', (part: Buffer) => {
    if (size < MOST_OUTPUT_BYTES) parts.push(part.subarray(0, MOST_OUTPUT_BYTES - size));
    size += part.length;
  });
  stream?.on('error', ignore);
  return () => Buffer.concat(parts).toString('utf8');
}

function reasonOf(error: unknown): string {
  if (error instanceof NotifyCommandError) return error.message;
  return error instanceof Error && 'code' in error ? String(error.code) : 'unexpected';
}

function ignore(): void {}
