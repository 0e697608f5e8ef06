import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import {
  launchdPlist,
  systemUnit,
  sysusersEntry,
  userUnit,
  windowsTask,
} from '../src/service/service-units.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const run = promisify(execFile);
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).error === undefined;
const withSystemd = hasAnalyze ? test : test.skip;
if (!hasAnalyze) test('units are not verified: there is no systemd-analyze', (t) => t.pass());

const PROGRAM = { nodePath: process.execPath, scriptPath: '/usr/lib/peer-cache/bin.js' };
/** Of 10; lower is better. systemd calls all below 2.5 "OK" at least. */
const MOST_EXPOSURE = { system: 1.6, user: 7.0 };

/** What systemd-analyze tells on standard error of a unit, by its own lines only. */
async function complaints(path: string, manager: '--system' | '--user'): Promise<string[]> {
  // A user's service manager has a runtime folder; whoever runs the tests may have none.
  const env = { ...process.env, XDG_RUNTIME_DIR: dirname(path) };
  const { stderr } = await run('systemd-analyze', [manager, 'verify', path], { env });
  // It tells of units of the machine itself as well.
  return stderr.split('\n').filter((line) => line.includes('peer-cache.service'));
}

async function unitFile(t: ExecutionContext, text: string): Promise<string> {
  const path = join(await temporaryFolder(t), 'peer-cache.service');
  await writeFile(path, text);
  return path;
}

const verifies = test.macro<[string, string, '--system' | '--user']>({
  exec: async (t, _, text, manager) => {
    t.deepEqual(await complaints(await unitFile(t, text), manager), []);
  },
  title: (_, what) => `systemd finds nothing wrong with the unit of ${what}`,
});

if (hasAnalyze) {
  test(verifies, "the machine's agent", systemUnit(PROGRAM), '--system');
  test(verifies, "a user's agent", userUnit(PROGRAM), '--user');
}

withSystemd('systemd would complain of a unit that is wrong', async (t) => {
  const path = await unitFile(t, systemUnit(PROGRAM).replace('Type=notify', 'Type=notfy'));
  const result = await run('systemd-analyze', ['verify', path]).catch((error: unknown) => error);
  t.regex(String(Object(result)['stderr']), /peer-cache\.service:\d+: Failed to parse/);
});

const exposes = test.macro<[string, string, number]>({
  async exec(t, _, text, mostExposure) {
    const path = await unitFile(t, text);
    const { stdout } = await run('systemd-analyze', ['security', '--offline=yes', path]);
    const [, exposure = ''] = /Overall exposure level for .*: ([\d.]+)/.exec(stdout) ?? [];
    t.log(`exposure ${exposure} of 10`);
    t.true(Number(exposure) > 0 && Number(exposure) <= mostExposure, exposure);
  },
  title: (_, what) => `the unit of ${what} keeps its exposure low`,
});

if (hasAnalyze) {
  test(exposes, "the machine's agent", systemUnit(PROGRAM), MOST_EXPOSURE.system);
  test(exposes, "a user's agent", userUnit(PROGRAM), MOST_EXPOSURE.user);
}

withSystemd(
  'a program with a blank and a percent sign in its path is started as it is',
  async (t) => {
    const folder = join(await temporaryFolder(t), 'a b%n');
    await mkdir(folder);
    const nodePath = join(folder, 'node');
    await writeFile(nodePath, '#!/bin/sh\n');
    await chmod(nodePath, 0o755);
    const path = await unitFile(t, userUnit({ ...PROGRAM, nodePath }));
    t.deepEqual(await complaints(path, '--user'), []);
  },
);

test('the machine has its agent run as a user of its own, without any right of root', (t) => {
  const unit = systemUnit(PROGRAM);
  const needed = [
    'User=peer-cache',
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
    'ProtectHome=yes',
    'PrivateTmp=yes',
    'CapabilityBoundingSet=',
    'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
    'SystemCallFilter=@system-service',
    'MemoryMax=512M',
    'UMask=0077',
    'NotifyAccess=all',
  ];
  for (const line of needed) t.true(unit.split('\n').includes(line), line);
  t.false(unit.includes('MemoryDenyWriteExecute'));
  t.regex(sysusersEntry(), /^u peer-cache - /);
});

test('what another system reads is escaped as it reads it', (t) => {
  const program = { nodePath: '/a & b/node', scriptPath: '/c <d>/bin.js' };
  const plist = launchdPlist(program, { logPath: '/tmp/x&y' });
  t.true(plist.includes('<string>/a &amp; b/node</string>'));
  t.true(plist.includes('<string>/c &lt;d&gt;/bin.js</string>'));
  const task = windowsTask(program, { userName: 'OFFICE\\me' });
  t.true(task.includes('<Command>/a &amp; b/node</Command>'));
  t.true(task.includes('--max-semi-space-size=2 "/c &lt;d&gt;/bin.js" agent</Arguments>'));
});

test('in the path of the command, what systemd would replace is escaped', (t) => {
  const unit = userUnit({ nodePath: '/usr/bin/node', scriptPath: '/a b/$HOME/%n/"c"/\\d' });
  const [, scriptPath] = /size=2 (.*) agent$/m.exec(unit) ?? [];
  t.is(scriptPath, '"/a b/$$HOME/%%n/\\"c\\"/\\\\d"');
});
