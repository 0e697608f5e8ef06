import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** Why small and read-only disks can't be made here; undefined where they can. */
export function noMountsReason(): string | undefined {
  if (process.platform !== 'linux') return 'mounts are Linux';
  if (process.getuid?.() !== 0) return 'mounts need root';
  const folder = mkdtempSync(join(tmpdir(), 'peer-cache-mount-'));
  try {
    run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder);
    run('umount', folder);
    return undefined;
  } catch {
    return 'this machine lets nobody mount';
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Makes `folder` a disk of its own with so little room, until the test ends. */
export function mountSmallDisk(t: ExecutionContext, folder: string, sizeBytes: number): void {
  run('mount', '-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder);
  t.teardown(() => run('umount', '--lazy', folder));
}

/** Makes `folder` read-only for everybody, root included, until the test ends. */
export function mountReadOnly(t: ExecutionContext, folder: string): void {
  run('mount', '--bind', folder, folder);
  t.teardown(() => run('umount', '--lazy', folder));
  run('mount', '-o', 'remount,bind,ro', folder);
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: 'ignore' });
}
