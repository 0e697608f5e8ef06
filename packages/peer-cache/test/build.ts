import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { silentLog } from '@peer-cache/core';
import { startOrigin } from '@peer-cache/origin';
import test from 'ava';

const run = promisify(execFile);
const BUILD = fileURLToPath(new URL('../../../scripts/build.ts', import.meta.url));

const root = await mkdtemp(join(tmpdir(), 'peer-cache-'));
const dist = join(root, 'peer-cache');
const home = join(root, 'home');
const env = {
  PATH: process.env['PATH'],
  HOME: home,
  XDG_RUNTIME_DIR: home,
  PEER_CACHE_SHARING_LOOPBACK: 'true',
  PEER_CACHE_SHARING_PORT: '0',
  PEER_CACHE_STORE_LIMIT: '1 GiB',
};

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

test.before('the package is built into a folder of its own', async () => {
  await mkdir(home);
  await run(process.execPath, [BUILD, dist]);
  const { dependencies }: Manifest = JSON.parse(await readFile(join(dist, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) await linkDependency(name);
});

test.after.always(() => rm(root, { recursive: true, force: true }));

/** What `npm install` would do: put the dependency beside the package. */
async function linkDependency(name: string): Promise<void> {
  const user = name === 'better-sqlite3' ? '@peer-cache/store' : '@peer-cache/core';
  const require = createRequire(import.meta.resolve(user));
  const folder = await packageFolder(require.resolve(name));
  await mkdir(dirname(join(root, 'node_modules', name)), { recursive: true });
  await symlink(folder, join(root, 'node_modules', name));
}

async function packageFolder(file: string): Promise<string> {
  const folder = dirname(file);
  const isIt = await access(join(folder, 'package.json')).then(
    () => true,
    () => false,
  );
  return isIt ? folder : await packageFolder(folder);
}

test.serial('it packs what runs, and nothing else', async (t) => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json'], { cwd: dist });
  const [packed]: { files: { path: string; mode: number }[] }[] = JSON.parse(stdout);
  const files = new Map(packed?.files.map(({ path, mode }) => [path, mode]));
  for (const path of [
    'package.json',
    'README.md',
    'LICENSE',
    'index.js',
    'run.js',
    'hash-worker.js',
  ]) {
    t.true(files.has(path), path);
  }
  t.is((files.get('bin.js') ?? 0) & 0o111, 0o111);
  t.false([...files.keys()].some((path) => path.endsWith('.ts')));
});

test.serial('an agent, get and status run from it in any folder', async (t) => {
  const image = randomBytes(3_000_000);
  await mkdir(join(root, 'served'));
  await writeFile(join(root, 'served', 'image.iso'), image);
  const options = { folder: join(root, 'served'), stateFolder: join(root, 'state') };
  await using origin = await startOrigin({ log: silentLog }, options);
  const bin = join(dist, 'bin.js');
  const agent = spawn(bin, ['agent'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => agent.kill('SIGKILL'));
  for await (const text of agent.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    if (String(text).includes('agent started')) break;
  }
  agent.stdout.resume();
  await run(bin, ['get', `${origin.url}/image.iso`, '-o', join(root, 'image.iso')], { env });
  t.true(image.equals(await readFile(join(root, 'image.iso'))));
  const { stdout } = await run(bin, ['status'], { env, cwd: '/' });
  t.regex(stdout, /received .*0 B from the store, 0 B from peers, 2\.9 MiB from origins/);
  agent.kill('SIGTERM');
  t.deepEqual(await once(agent, 'exit'), [0, null]);
});

test.serial(
  'status and job list are small files that load neither Fastify nor undici',
  async (t) => {
    const text = await readFile(join(dist, 'bin.js'), 'utf8');
    t.true(text.length < 64 * 1024);
    t.false(/fastify|undici|typebox|better-sqlite3|blake/i.test(text.replaceAll(/\/\/.*/g, '')));
    // Imported, it would load Node's own undici: see control-client.ts.
    t.false(/from "node:https?"/.test(text));
    const asking = await readFile(join(dist, 'run-asking.js'), 'utf8');
    t.true(asking.length < 300 * 1024);
    t.false(/from "(?:fastify|undici|better-sqlite3|blake3|node:https?)"/.test(asking));
    t.deepEqual(
      [...text.matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)].map(([, path]) => path),
      ['./run-asking.js', './run.js'],
    );
  },
);

test.serial('publish hashes in its worker thread', async (t) => {
  const { stderr } = await run(join(dist, 'bin.js'), ['publish', join(root, 'served')], { env });
  t.regex(stderr, /published 1 file/);
});

test.serial('the library is imported from it', async (t) => {
  const library: Record<string, unknown> = await import(pathToFileURL(join(dist, 'index.js')).href);
  for (const name of ['openDownloader', 'Downloader', 'publishFolder', 'startOrigin']) {
    t.is(typeof library[name], 'function', name);
  }
});
