// Installs the Debian packages that tests use, where they are missing: `node
// scripts/install-test-packages.ts`, as root on Debian; elsewhere it does nothing. Tests that want
// a program which is not there are skipped, so without it less is tested, never wrongly.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** A program that tests start, and the package that brings it. */
const PACKAGE_OF = {
  ip: 'iproute2',
  sysctl: 'procps',
  nginx: 'nginx-light',
  'avahi-daemon': 'avahi-daemon',
  'avahi-browse': 'avahi-utils',
  'dbus-daemon': 'dbus',
  b3sum: 'b3sum',
  aria2c: 'aria2',
  ping: 'iputils-ping',
  ethtool: 'ethtool',
  python3: 'python3',
  'transmission-daemon': 'transmission-daemon',
  'transmission-create': 'transmission-cli',
  tmux: 'tmux',
  strace: 'strace',
  faketime: 'faketime',
  zsh: 'zsh',
  fish: 'fish',
  setpriv: 'util-linux',
  'systemd-analyze': 'systemd',
};
const MINUTE_MS = 60_000;
const INSTALL = ['install', '-qq', '--no-install-recommends'];
/** Debian's way to say that an installation may not start services (exit code 101). */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d';

if (import.meta.main) installTestPackages();

/** Installs what is missing, without starting a service; says so in one line if that fails. */
export function installTestPackages(): void {
  const missing = Object.entries(PACKAGE_OF).flatMap(([program, name]) =>
    isInstalled(program) ? [] : [name],
  );
  const isRootOnDebian = process.getuid?.() === 0 && existsSync('/etc/debian_version');
  if (missing.length === 0 || !isRootOnDebian) return;
  console.error(`installing ${missing.join(', ')} for the tests (once)`);
  const failure = withoutServices(() => aptInstall(missing));
  if (failure !== undefined) console.error(`warning: some tests will be skipped: ${failure}`);
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => isExecutable(join(folder, program)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us: the same to a test.
    return false;
  }
}

/** Runs `install` while Debian's policy is to start nothing, and leaves the policy as it was. */
function withoutServices<T>(install: () => T): T {
  if (existsSync(SERVICE_POLICY)) return install();
  // A signal must not end this process before the policy is gone; apt-get gets Ctrl-C itself.
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, ignore);
  writeFileSync(SERVICE_POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return install();
  } finally {
    rmSync(SERVICE_POLICY);
    for (const signal of signals) process.off(signal, ignore);
  }
}

/** What went wrong, or undefined. */
function aptInstall(packages: readonly string[]): string | undefined {
  if (aptGet([...INSTALL, ...packages]) === undefined) return undefined;
  // The package lists of a new machine may be empty or old; an old Debian may lack one of them.
  const notUpdated = aptGet(['update', '-qq']);
  const failures = packages.flatMap((name) => aptGet([...INSTALL, name]) ?? []);
  return failures.length > 0 ? [notUpdated ?? [], failures].flat().join('; ') : undefined;
}

function aptGet(args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(
    'apt-get',
    ['-y', '-o', 'DPkg::Lock::Timeout=60', ...args],
    {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 5 * MINUTE_MS,
    },
  );
  return status === 0 ? undefined : `apt-get ${args[0]}: ${error?.message ?? stderr.trim()}`;
}

function ignore(): void {}
