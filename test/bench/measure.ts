import { spawn } from 'node:child_process';
import type { SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Kernel clock ticks a second: fixed on Linux. */
const TICKS_PER_SECOND = 100;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

export interface Timed {
  readonly seconds: number;
}

export async function timed(task: () => Promise<void> | void): Promise<number> {
  const start = performance.now();
  await task();
  return (performance.now() - start) / 1000;
}

/** CPU seconds (user and system) that a process has used so far. */
export function cpuSeconds(pid: number): number {
  const [user = Number.NaN, system = Number.NaN] = cpuTicks(pid);
  return (user + system) / TICKS_PER_SECOND;
}

/** The same of the children that it has waited for. */
export function childrenCpuSeconds(pid: number): number {
  const [, , user = Number.NaN, system = Number.NaN] = cpuTicks(pid);
  return (user + system) / TICKS_PER_SECOND;
}

/** User and system, then those of the children that were waited for. */
function cpuTicks(pid: number): number[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold spaces; the times are fields 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).map(Number);
}

/** Highest resident memory of a process so far, in bytes. */
export function peakBytes(pid: number): number {
  const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

export interface Finished {
  readonly seconds: number;
  /** Of the process and the children that it waited for. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/**
 * Runs a program to its end. CPU time and memory are read from /proc while it runs, the last time
 * right before it ends: exact to about the sampling interval.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<Finished> {
  const start = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
  let cpu = 0;
  let peak = 0;
  const sample = (): void => {
    if (child.pid === undefined) return;
    try {
      cpu = Math.max(cpu, cpuSeconds(child.pid) || 0);
      peak = Math.max(peak, peakBytes(child.pid) || 0);
    } catch {
      // It has just ended.
    }
  };
  const timer = setInterval(sample, 5);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
  clearInterval(timer);
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
  return { seconds, cpuSeconds: cpu, peakBytes: peak };
}
