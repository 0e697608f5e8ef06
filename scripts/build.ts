// Makes the package that is published: `npm run build [-- FOLDER]`.
//
// What has native code stays a dependency, everything else is in the bundle.
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { BuildOptions, Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FACE = join(ROOT, 'packages', 'peer-cache');

/** Has native code or WebAssembly beside it, so it can't be in a bundle; by the package that uses it. */
const EXTERNALS = {
  '@napi-rs/blake-hash': 'core',
  blake3: 'core',
  'better-sqlite3': 'store',
} as const;

/** CommonJS in the bundle calls this. */
const REQUIRE = `import { createRequire as createRequireHere } from 'node:module';
const require = createRequireHere(import.meta.url);`;

/**
 * Our modules only define things; loading one does nothing that matters if nothing of it is used.
 * Told so, the bundler leaves out of a command's chunks what the command does not use.
 */
const PURE_MODULES: Plugin = {
  name: 'pure-modules',
  setup(bundler) {
    bundler.onResolve({ filter: /^(?:\.|@peer-cache\/)/ }, async (args) => {
      const isOurs = args.importer.startsWith(join(ROOT, 'packages'));
      if (!isOurs || args.pluginData === SEEN) return undefined;
      const { importer, kind, resolveDir } = args;
      const found = await bundler.resolve(args.path, {
        importer,
        kind,
        resolveDir,
        pluginData: SEEN,
      });
      return found.errors.length > 0 ? found : { path: found.path, sideEffects: false };
    });
  },
};
/** What `bin.js` loads from the other bundles. */
const OTHER_COMMANDS: Plugin = {
  name: 'other-commands',
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\/run(?:-asking)?\.ts$/ }, ({ path }) => ({
      path: path.replace(/ts$/, 'js'),
      external: true,
    }));
  },
};
const SEEN = 'resolved by the bundler itself';

const folder = resolve(process.argv[2] ?? join(FACE, 'dist'));
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
await bundle();
await writeManifest();
await copyFile(join(FACE, 'README.md'), join(folder, 'README.md'));
await copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
console.log(`built ${folder}`);

/**
 * `bin.js` is one file with just enough for `status`, `run-asking.js` one for what else only asks
 * the agent; all other commands and the library are a third bundle. Not one bundle: esbuild gives
 * what two chunks share through an `index.ts` to both of them whole.
 */
async function bundle(): Promise<void> {
  const common: BuildOptions = {
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: Object.keys(EXTERNALS),
    legalComments: 'linked',
    logLevel: 'warning',
  };
  const bin = { bin: join(FACE, 'src', 'bin.ts') };
  await build({ ...common, entryPoints: bin, plugins: [OTHER_COMMANDS, PURE_MODULES] });
  const asking = { 'run-asking': join(ROOT, 'packages', 'cli', 'src', 'run-asking.ts') };
  await build({ ...common, banner: { js: REQUIRE }, entryPoints: asking, plugins: [PURE_MODULES] });
  const rest = {
    run: join(ROOT, 'packages', 'cli', 'src', 'run.ts'),
    index: join(FACE, 'src', 'index.ts'),
    // Found by its name, beside the chunk that starts it.
    'hash-worker': join(ROOT, 'packages', 'origin', 'src', 'hash-worker.ts'),
  };
  const banner = { js: REQUIRE };
  await build({ ...common, banner, entryPoints: rest, splitting: true, plugins: [PURE_MODULES] });
  await chmod(join(folder, 'bin.js'), 0o755);
}

async function writeManifest(): Promise<void> {
  const { version, license } = await manifestOf('peer-cache');
  const dependencies: Record<string, string> = {};
  for (const [name, user] of Object.entries(EXTERNALS)) {
    dependencies[name] = (await manifestOf(user)).dependencies[name] ?? '*';
  }
  const manifest = {
    name: 'peer-cache',
    version,
    description: 'Fetches files from the machines nearby, and only the rest from the origin.',
    license,
    type: 'module',
    bin: { 'peer-cache': './bin.js' },
    exports: { '.': './index.js' },
    engines: { node: '>=24.12' },
    dependencies,
  };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

async function manifestOf(packageName: string): Promise<Manifest> {
  const path = join(ROOT, 'packages', packageName, 'package.json');
  const manifest: Manifest = JSON.parse(await readFile(path, 'utf8'));
  return manifest;
}
