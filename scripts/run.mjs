// Runs a script of this repository, or a command of its tools, after setting up what it needs.
//
// The one file here that any Node >= 20 must be able to run. It puts Node 24 and pnpm into
// `.tools/` (both are npm packages, nothing is installed globally), installs the workspace's
// dependencies, and starts the given thing with that Node first on the PATH. What is already
// there and current is left alone, so a second run starts at once.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const NODE_VERSION = '24.21.0';
const PNPM_VERSION = '12.21.0';
const LEAST_NODE = [24, 12];

const root = fileURLToPath(new URL('..', import.meta.url));
const tools = join(root, '.tools');
const onWindows = process.platform === 'win32';

const node = ownNodeIsNewEnough() ? process.execPath : toolNode();
setUpTools();
const environment = withToolsFirst();
setUpDependencies();

const [target, ...rest] = process.argv.slice(2);
if (target === undefined) fail('usage: node scripts/run.mjs (SCRIPT.ts | COMMAND) [ARGUMENT...]');
const [command, args] = target.endsWith('.ts')
  ? [node, [join(root, target), ...rest]]
  : [target, rest];
process.exit(run(command, args, { quiet: false }));

function ownNodeIsNewEnough() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major === LEAST_NODE[0] && minor >= LEAST_NODE[1];
}

function toolNode() {
  const folder = onWindows
    ? `node-win-${process.arch}`
    : `node-${process.platform}-${process.arch}`;
  return join(tools, 'node_modules', folder, 'bin', onWindows ? 'node.exe' : 'node');
}

function setUpTools() {
  const wanted = [`pnpm@${PNPM_VERSION}`];
  if (node !== process.execPath) {
    const platform = onWindows ? 'win' : process.platform;
    wanted.push(`node-${platform}-${process.arch}@${NODE_VERSION}`);
  }
  const stamp = join(tools, 'installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted.join(' ')) return;
  console.error(`setting up ${wanted.join(' and ')} in .tools/ (once)`);
  rmSync(tools, { recursive: true, force: true });
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, 'package.json'), '{ "private": true }\n');
  const install = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const result = spawnSync('npm', [...install, ...wanted], {
    cwd: tools,
    stdio: ['ignore', 2, 2],
    shell: onWindows,
  });
  if (result.status !== 0) fail('npm could not install the tools; is the npm registry reachable?');
  writeFileSync(stamp, wanted.join(' '));
}

function withToolsFirst() {
  const folders = [
    join(root, 'node_modules', '.bin'),
    join(node, '..'),
    join(tools, 'node_modules', '.bin'),
  ];
  const path = [...folders, process.env.PATH ?? ''].join(delimiter);
  return { ...process.env, PATH: path };
}

function setUpDependencies() {
  const lock = join(root, 'pnpm-lock.yaml');
  const stamp = join(root, 'node_modules', '.modules.yaml');
  if (existsSync(stamp) && statSync(stamp).mtimeMs > statSync(lock).mtimeMs) return;
  const pnpm = join(tools, 'node_modules', 'pnpm', 'bin', 'pnpm.mjs');
  const status = run(node, [pnpm, 'install', '--frozen-lockfile', '--prefer-offline'], {
    quiet: true,
  });
  if (status !== 0) fail('pnpm could not install the dependencies; see its message above');
}

function run(program, programArgs, { quiet }) {
  const stdio = quiet ? ['ignore', 2, 2] : 'inherit';
  const result = spawnSync(program, programArgs, {
    cwd: root,
    stdio,
    env: environment,
    shell: onWindows,
  });
  if (result.error) fail(`${program} could not be started: ${result.error.message}`);
  return result.status ?? 1;
}

function fail(message) {
  console.error(`peer-cache: ${message}`);
  process.exit(1);
}
