import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { installService, thisHost, uninstallService } from '../src/service/service-install.ts';
import { planInstall, planUninstall, shownStep } from '../src/service/service-plan.ts';
import type { ServiceHost, ServiceStep } from '../src/service/service-plan.ts';
import { systemUnit, userUnit } from '../src/service/service-units.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const PROGRAM = { nodePath: '/usr/bin/node', scriptPath: '/usr/lib/peer-cache/bin.js' };
const USER = { kind: 'user', always: false, program: PROGRAM } as const;
const SYSTEM = { ...USER, kind: 'system' } as const;
const USER_UNIT = '/home/me/.config/systemd/user/peer-cache.service';
const SYSTEM_UNIT = '/etc/systemd/system/peer-cache.service';

function host(other: Partial<ServiceHost> = {}): ServiceHost {
  return {
    platform: 'linux',
    hasSystemd: true,
    userId: 1000,
    userName: 'me',
    homeFolder: '/home/me',
    configFolder: '/home/me/.config',
    dataFolders: ['/home/me/.cache/peer-cache/store'],
    read: () => undefined,
    ...other,
  };
}

/** A host whose files are these. */
function hostWith(files: Readonly<Record<string, string>>, other: Partial<ServiceHost> = {}) {
  return host({ ...other, read: (path) => files[path] });
}

function shown(steps: readonly ServiceStep[]): string[] {
  return steps.map(shownStep);
}

test("a user's agent is a unit of the user's own service manager", (t) => {
  t.deepEqual(shown(planInstall(USER, host())), [
    `write ${USER_UNIT}`,
    'systemctl --user daemon-reload',
    'systemctl --user enable --now peer-cache.service',
  ]);
});

test('one that shall always run lingers', (t) => {
  const steps = shown(planInstall({ ...USER, always: true }, host()));
  t.is(steps.at(-1), 'loginctl enable-linger me');
});

test("the machine's agent gets a user first", (t) => {
  t.deepEqual(shown(planInstall(SYSTEM, host({ userId: 0 }))), [
    'write /etc/sysusers.d/peer-cache.conf',
    `write ${SYSTEM_UNIT}`,
    'systemd-sysusers /etc/sysusers.d/peer-cache.conf',
    'systemctl daemon-reload',
    'systemctl enable --now peer-cache.service',
  ]);
});

test('installed again, nothing is written and nothing restarted', (t) => {
  t.deepEqual(shown(planInstall(USER, hostWith({ [USER_UNIT]: userUnit(PROGRAM) }))), [
    'systemctl --user daemon-reload',
    'systemctl --user enable --now peer-cache.service',
  ]);
});

test('a unit that another version wrote is replaced, and the agent restarted', (t) => {
  const steps = shown(planInstall(USER, hostWith({ [USER_UNIT]: '[Unit]\n' })));
  t.is(steps[0], `write ${USER_UNIT}`);
  t.is(steps.at(-1), 'systemctl --user restart peer-cache.service');
});

test('where systemd does not run, it says what to run where it does', (t) => {
  const [write, tell, ...more] = planInstall(SYSTEM, host({ userId: 0, hasSystemd: false })).slice(
    1,
  );
  t.is(write?.step, 'write');
  t.like(tell, { step: 'tell' });
  t.regex(
    tell === undefined ? '' : shownStep(tell),
    /run: systemd-sysusers .* && systemctl enable/,
  );
  t.deepEqual(more, []);
});

test("what can't become the machine's agent is refused with what to do", (t) => {
  const asRoot = host({ userId: 0 });
  t.throws(() => planInstall(SYSTEM, host()), { code: 'SERVICE_INSTALL', message: /sudo/ });
  for (const nodePath of ['/home/me/.nvm/node', '/root/node', '/tmp/node']) {
    const request = { ...SYSTEM, program: { ...PROGRAM, nodePath } };
    t.throws(() => planInstall(request, asRoot), { message: /for all users/ });
  }
  t.throws(() => planInstall(SYSTEM, { ...asRoot, platform: 'darwin' }), { message: /systemd/ });
  const odd = { ...USER, program: { ...PROGRAM, nodePath: '/opt/$x/node' } };
  t.throws(() => planInstall(odd, host()), { message: /another path/ });
});

test('uninstalling stops the agent and removes what was written, and keeps the data', (t) => {
  const files = { [USER_UNIT]: userUnit(PROGRAM) };
  const request = { kind: 'user', deleteData: false } as const;
  const plain = shown(planUninstall(request, hostWith(files)));
  t.deepEqual(plain.slice(0, 3), [
    'systemctl --user disable --now peer-cache.service',
    `remove ${USER_UNIT}`,
    'systemctl --user daemon-reload',
  ]);
  t.false(plain.some((step) => step.includes('.cache')));
  const all = shown(planUninstall({ ...request, deleteData: true }, hostWith(files)));
  t.true(all.includes('remove /home/me/.cache/peer-cache/store'));
});

test('where nothing is installed, uninstalling stops and removes nothing', (t) => {
  const steps = planUninstall({ kind: 'user', deleteData: false }, host());
  t.true(steps.every(({ step }) => step === 'tell'));
});

test('macOS and Windows have services of their own', (t) => {
  const mac = shown(planInstall(USER, host({ platform: 'darwin', userId: 501 })));
  t.deepEqual(mac, [
    'write /home/me/Library/LaunchAgents/peer-cache.agent.plist',
    'launchctl bootstrap gui/501 /home/me/Library/LaunchAgents/peer-cache.agent.plist',
  ]);
  const windows = shown(planInstall(USER, host({ platform: 'win32' })));
  t.regex(windows[1] ?? '', /^schtasks \/Create \/F \/TN peer-cache \/XML /);
});

test('this host tells what it is', (t) => {
  const { platform, read } = thisHost();
  t.is(platform, process.platform);
  t.is(read('/nowhere/at/all'), undefined);
});

const hasSystemctl = ['systemctl', 'systemd-sysusers'].every(
  (name) => spawnSync(name, ['--version']).error === undefined,
);
const withSystemctl = process.platform === 'linux' && hasSystemctl ? test : test.skip;

withSystemctl(
  'in a folder that becomes a system, a service is installed and removed',
  async (t) => {
    const root = await temporaryFolder(t);
    await mkdir(join(root, 'etc'));
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
    await writeFile(join(root, 'etc/group'), 'root:x:0:\n');
    const inRoot: ServiceHost = { ...thisHost(), root };
    const unit = join(root, SYSTEM_UNIT);
    await installService(SYSTEM, inRoot);
    t.is(await readFile(unit, 'utf8'), systemUnit(PROGRAM));
    t.is((await stat(unit)).mode & 0o777, 0o644);
    const wanted = join(root, 'etc/systemd/system/multi-user.target.wants/peer-cache.service');
    t.is(await readlink(wanted), SYSTEM_UNIT);
    t.regex(await readFile(join(root, 'etc/passwd'), 'utf8'), /^peer-cache:/m);
    const again = await installService(SYSTEM, inRoot);
    t.false(again.some(({ step }) => step === 'write'));

    await mkdir(join(root, 'var/lib/peer-cache/jobs'), { recursive: true });
    await uninstallService({ kind: 'system', deleteData: false }, inRoot);
    t.deepEqual(await readdir(join(root, 'etc/sysusers.d')), []);
    await t.throwsAsync(stat(unit), { code: 'ENOENT' });
    await t.throwsAsync(readlink(wanted), { code: 'ENOENT' });
    await stat(join(root, 'var/lib/peer-cache/jobs'));
    await uninstallService({ kind: 'system', deleteData: true }, inRoot);
    await t.throwsAsync(stat(join(root, 'var/lib/peer-cache')), { code: 'ENOENT' });
  },
);

withSystemctl('a program that fails at it is named with what it said', async (t) => {
  const root = await temporaryFolder(t);
  // A file where systemctl needs a folder.
  await mkdir(join(root, 'etc/systemd/system'), { recursive: true });
  await writeFile(join(root, 'etc/systemd/system/multi-user.target.wants'), '');
  await t.throwsAsync(installService(SYSTEM, { ...thisHost(), root }), {
    code: 'SERVICE_INSTALL',
    message: /^systemctl --root=.* enable peer-cache\.service: ./,
  });
});
