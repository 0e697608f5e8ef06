import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { checkConfig } from '../src/config/config-check.ts';
import { gatherConfigFacts } from '../src/config/config-facts.ts';
import type { ConfigFacts, FolderFacts } from '../src/config/config-facts.ts';
import { readConfig } from '../src/config/config.ts';
import type { Config } from '../src/config/config.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const WELL: ConfigFacts = {
  folders: [
    { key: 'store.folder', path: '/srv/store', isWritable: true, networkFileSystem: undefined },
    { key: 'jobs.folder', path: '/srv/jobs', isWritable: true, networkFileSystem: undefined },
  ],
  commandProblems: new Map(),
  hasSecretsKey: true,
  isLingering: true,
  userName: 'me',
};

function configWith(...set: readonly string[]): Config {
  return readConfig({ env: { PEER_CACHE_CONFIG: '/dev/null' }, set });
}

test('where all is well, each finding says so', (t) => {
  const findings = checkConfig(configWith('notify.desk.command=/opt/tell'), WELL);
  t.true(findings.every(({ level }) => level === 'ok'));
  t.deepEqual(
    findings.map(({ code }) => code),
    ['FOLDER', 'FOLDER', 'NOTIFY_COMMAND', 'SECRETS_ENCRYPTED', 'LINGERING'],
  );
});

const finds = test.macro<[string, Partial<ConfigFacts>, string, RegExp, ...string[]]>({
  exec(t, _, facts, code, text, ...set) {
    const [first] = checkConfig(configWith(...set), { ...WELL, ...facts });
    t.is(first?.code, code);
    t.regex(first?.text ?? '', text);
  },
  title: (_, what) => `it finds ${what}`,
});

const writable: FolderFacts = {
  key: 'store.folder',
  path: '/srv/store',
  isWritable: true,
  networkFileSystem: undefined,
};
const unwritable = { ...writable, isWritable: false };
const onNfs = { ...writable, networkFileSystem: 'NFS' };

test(
  finds,
  'a folder that can not be written to',
  { folders: [unwritable] },
  'FOLDER_NOT_WRITABLE',
  /\/srv\/store/,
);
test(finds, 'a folder on the network', { folders: [onNfs] }, 'FOLDER_ON_NETWORK', /NFS/);
test(finds, 'secrets without a key', { hasSecretsKey: false }, 'SECRETS_PLAIN', /unencrypted/);
test(
  finds,
  'a command that may not be started',
  { commandProblems: new Map([['/opt/tell', 'others can write to it']]) },
  'NOTIFY_COMMAND',
  /^notify\.desk\.command: others can write/,
  'notify.desk.command=/opt/tell',
);
test(
  finds,
  'a webhook that anybody on the way can read',
  {},
  'NOTIFY_UNENCRYPTED',
  /^notify\.chat\.webhook: (?!.*T0)/,
  'notify.chat.webhook=http://hooks.example/T0',
);

test('a webhook on this machine needs no encryption', (t) => {
  const config = configWith(
    'notify.chat.webhook=http://127.0.0.1:8080/',
    'notify.b.webhook=http://[::1]/',
  );
  t.true(checkConfig(config, WELL).every(({ level }) => level === 'ok'));
});

test('that jobs pause at log-off is told with what changes it', (t) => {
  const findings = checkConfig(configWith(), { ...WELL, isLingering: false });
  const finding = findings.find(({ code }) => code === 'NOT_LINGERING');
  t.like(finding, { level: 'ok' });
  t.regex(finding?.text ?? '', /loginctl enable-linger me/);
});

test('errors come before warnings, warnings before what is well', (t) => {
  const facts = { ...WELL, folders: [onNfs, unwritable], hasSecretsKey: false };
  t.deepEqual(
    checkConfig(configWith(), facts).map(({ level }) => level),
    ['error', 'warning', 'warning', 'ok'],
  );
});

test('the facts are those of this machine: folders that are not there yet, commands, rights', async (t) => {
  const folder = await temporaryFolder(t);
  const tell = join(folder, 'tell');
  await writeFile(tell, '#!/bin/sh\n');
  await chmod(tell, 0o777);
  await mkdir(join(folder, 'there'));
  const facts = await gatherConfigFacts(
    configWith(
      `store.folder=${folder}/there/not/yet`,
      'jobs.folder=/proc/nowhere',
      `notify.desk.command=${tell}`,
      'notify.well.command=/usr/bin/true',
    ),
  );
  const [store, jobs] = facts.folders;
  t.like(store, { key: 'store.folder', isWritable: true, networkFileSystem: undefined });
  t.is(jobs?.path, '/proc/nowhere');
  t.deepEqual([...facts.commandProblems.keys()], [tell]);
});
