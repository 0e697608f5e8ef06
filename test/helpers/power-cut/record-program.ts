import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { temporaryFolder } from '../parts.ts';
import { TRACED_CALLS } from './call-arguments.ts';
import { imageWithoutLoss } from './crash-images.ts';
import { digestOf, readImage } from './folder-image.ts';
import type { Recording } from './operations.ts';
import { StraceLog } from './strace-log.ts';
import { WatchedFiles } from './watched-files.ts';

/** A TypeScript or JavaScript program for this Node, and the folder that it is watched in. */
export interface RecordedProgram {
  readonly program: string;
  readonly args?: readonly string[];
  /** Empty as yet; taken to be on the disk itself. */
  readonly watch: string;
}

/** The calls by name; a filter in the kernel, so that other calls cost nothing; bytes in full. */
const STRACE = ['-f', '-y', '-xx', '--seccomp-bpf', '-s', String(2 ** 26)];
const TRACE = ['-e', `trace=${Array.from(TRACED_CALLS, (name) => `?${name}`).join(',')}`];

/** Why nothing can be recorded on this machine; undefined where it can. */
export function noRecorderReason(): string | undefined {
  const tried = spawnSync('strace', [...STRACE, ...TRACE, '-o', '/dev/null', 'true']);
  if (tried.error !== undefined) return 'strace is not installed';
  return tried.status === 0 ? undefined : 'this machine lets nobody trace a program';
}

/**
 * Runs a program to its end and records what it does to the files of a folder.
 *
 * @throws {Error} when it fails, or does to a watched file what isn't modelled: writing through
 *   memory, syncing with each write, a second program, a failed fsync;
 *   and when the folder isn't in the end what the recorded operations make of it
 */
export async function recordProgram(program: RecordedProgram): Promise<Recording> {
  const watch = await realpath(program.watch);
  const found = await readdir(watch);
  if (found.length > 0) throw new Error(`the folder to watch has ${found.join(', ')} in it`);
  await using folder = await temporaryFolder();
  const log = join(folder.path, 'log');
  await runTraced({ ...program, watch }, log);
  const recording = await readRecording(log, watch);
  const isComplete = digestOf(imageWithoutLoss(recording)) === digestOf(await readImage(watch));
  if (!isComplete) throw new Error('the folder is not what the recorded operations make of it');
  return recording;
}

async function runTraced({ program, args = [] }: RecordedProgram, log: string): Promise<void> {
  const child = spawn(
    'strace',
    [...STRACE, ...TRACE, '-o', log, process.execPath, program, ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      // What goes through io_uring is no system call.
      env: { ...process.env, UV_USE_IO_URING: '0' },
    },
  );
  child.stdout.resume();
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(`the recorded program ended with ${String(code)}: ${errors}`);
}

async function readRecording(log: string, watch: string): Promise<Recording> {
  const strace = new StraceLog();
  const files = new WatchedFiles(watch);
  for await (const line of createInterface({ input: createReadStream(log) })) {
    for (const step of strace.steps(line)) files.take(step);
  }
  return { operations: files.operations };
}
