import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The parts of a package.json that the tests of the house look at. */
export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** A package of the workspace and its folder, as from the root of the repository. */
export interface WorkspacePackage {
  readonly folder: string;
  readonly manifest: Manifest;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The text of a file of the repository, or undefined where there is none. */
export function readText(path: string): string | undefined {
  const full = join(root, path);
  return existsSync(full) ? readFileSync(full, 'utf8') : undefined;
}

/** Paths within the repository that match, in order, without installed dependencies. */
export function filesLike(pattern: string): string[] {
  return globSync(pattern, {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  }).toSorted();
}

/** Every package of the workspace but its root. */
export function workspacePackages(): WorkspacePackage[] {
  return [...filesLike('packages/*/package.json'), 'test/package.json'].map((path) => ({
    folder: path.slice(0, -'/package.json'.length),
    manifest: readManifest(path),
  }));
}

/** @throws {Error} where there is no such file. */
export function readManifest(path: string): Manifest {
  const manifest: Manifest = JSON.parse(readFileSync(join(root, path), 'utf8'));
  return manifest;
}

/** Names of the packages of this workspace that a package depends on, for use or for its tests. */
export function workspaceDependencies({ dependencies, devDependencies }: Manifest): string[] {
  return Object.entries({ ...devDependencies, ...dependencies })
    .filter(([, version]) => version.startsWith('workspace:'))
    .map(([name]) => name);
}
