import { execFileSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The command as it is installed: built, with the packages that are not in its bundle beside it. */
export async function installed(into: string): Promise<string> {
  const build = fileURLToPath(new URL('../../scripts/build.ts', import.meta.url));
  const dist = join(into, 'node_modules', 'peer-cache');
  execFileSync(process.execPath, [build, dist], { stdio: 'ignore' });
  const packages = new URL('../../packages/', import.meta.url);
  await mkdir(join(into, 'node_modules', '@napi-rs'));
  for (const [owner, name] of [
    ['core', '@napi-rs/blake-hash'],
    ['core', 'blake3'],
    ['store', 'better-sqlite3'],
  ] as const) {
    const target = fileURLToPath(new URL(`${owner}/node_modules/${name}`, packages));
    await symlink(target, join(into, 'node_modules', name));
  }
  return dist;
}
