import { readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';
import { readConfig, variableOf } from '../src/config/config.ts';
import type { Config } from '../src/config/config.ts';
import { ConfigInvalidError } from '../src/errors.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const DAY = 24 * 60 * 60 * 1000;
const NO_FILE = { env: { PEER_CACHE_CONFIG: '/dev/null' } };

function configWith(...set: readonly string[]): Config {
  return readConfig({ ...NO_FILE, set });
}

test('without any word of the user, the defaults are in force', (t) => {
  const { store, sharing, peers, origins, log, settings } = configWith();
  t.deepEqual(store.limit, { diskShare: 0.05 });
  t.true(store.folder.endsWith(join('peer-cache', 'store')));
  t.like(sharing, { isEnabled: true, interfaces: [], networks: [], loopback: false, port: 7690 });
  t.deepEqual([peers, origins.sidecars, log.level], [[], [], 'info']);
  t.true(settings.every(({ from }) => from === 'default'));
});

test('options win over the environment, that over the file, and each value knows its place', async (t) => {
  const file = join(await temporaryFolder(t), 'config.toml');
  await writeFile(
    file,
    '[store]\nlimit = "1 GiB"\n[sharing]\nport = 7700\n[log]\nlevel = "warn"\n',
  );
  const config = readConfig({
    file,
    env: { PEER_CACHE_STORE_LIMIT: '2 GiB', PEER_CACHE_SHARING_PORT: '7800', HOME: '/elsewhere' },
    set: ['store.limit=3 GiB'],
  });
  const inForce = new Map(config.settings.map(({ key, value, from }) => [key, [value, from]]));
  t.deepEqual(inForce.get('store.limit'), ['3 GiB', '--set store.limit']);
  t.deepEqual(inForce.get('sharing.port'), [7800, 'PEER_CACHE_SHARING_PORT']);
  t.deepEqual(inForce.get('log.level'), ['warn', file]);
  t.deepEqual(config.store.limit, { bytes: 3 * 1024 ** 3 });
  t.is(config.sharing.port, 7800);
});

test('nothing can change a configuration', (t) => {
  const config = configWith('peers=10.0.0.1:7690');
  t.true(
    [config, config.store, config.sharing, config.peers, config.settings].every(Object.isFrozen),
  );
});

test('a relative folder is relative to the file that names it, or to where the command runs', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'config.toml');
  await writeFile(file, 'store.folder = "blocks"\n');
  t.is(readConfig({ file, env: {} }).store.folder, join(folder, 'blocks'));
  t.is(configWith('store.folder=blocks').store.folder, resolve('blocks'));
  t.is(configWith('store.folder=~/blocks').store.folder, join(homedir(), 'blocks'));
});

const accepts = test.macro<[string, (config: Config) => unknown, unknown]>({
  exec(t, option, expected, value) {
    t.deepEqual(expected(configWith(option)), value);
  },
  title: (_, option) => `${option} is accepted`,
});

test(accepts, 'store.limit=64 MiB', ({ store }) => store.limit, { bytes: 64 * 1024 ** 2 });
test(accepts, 'store.limit=1.5GB', ({ store }) => store.limit, { bytes: 1.5e9 });
test(accepts, 'store.limit=12.5 %', ({ store }) => store.limit, { diskShare: 0.125 });
test(accepts, 'sharing.enabled=false', ({ sharing }) => sharing.isEnabled, false);
test(accepts, 'sharing.port=0', ({ sharing }) => sharing.port, 0);
test(accepts, 'sharing.interfaces=eth0, wlan0', ({ sharing }) => sharing.interfaces, [
  'eth0',
  'wlan0',
]);
test(accepts, 'sharing.networks=10.0.0.0/8,fd00::/8', ({ sharing }) => sharing.networks, [
  '10.0.0.0/8',
  'fd00::/8',
]);
test(accepts, 'peers=[fe80::1%eth0]:7690,cache.example:7690', ({ peers }) => peers, [
  '[fe80::1%eth0]:7690',
  'cache.example:7690',
]);
test(accepts, 'origins.sidecars=https://FILES.example:8443/', ({ origins }) => origins.sidecars, [
  'https://files.example:8443',
]);
test(accepts, 'jobs.most_jobs=10000', ({ jobs }) => jobs.mostJobs, 10_000);
test(accepts, 'jobs.minimum_retry_delay=5s', ({ jobs }) => jobs.minimumRetryDelayMs, 5000);
test(accepts, 'jobs.no_progress_timeout=0 s', ({ jobs }) => jobs.noProgressTimeoutMs, 0);
test(accepts, 'jobs.inactivity_timeout=999 d', ({ jobs }) => jobs.inactivityTimeoutMs, 999 * DAY);
test(accepts, 'jobs.maximum_download_time=1.5 h', ({ jobs }) => jobs.maximumDownloadMs, 5_400_000);
test(accepts, 'notify.desk.command=/opt/tell', ({ notify }) => notify, {
  desk: { kind: 'command', path: '/opt/tell', on: ['transferred', 'error'], timeoutMs: 30_000 },
});
test(accepts, 'notify.chat.webhook=https://hooks.example/T0/x?y=1', ({ notify }) => notify, {
  chat: {
    kind: 'webhook',
    url: 'https://hooks.example/T0/x?y=1',
    on: ['transferred', 'error'],
  },
});
test(accepts, 'serving.on_battery=true', ({ serving }) => serving.onBattery, true);
test(accepts, 'network.cost.wwan0=usage-based', ({ network }) => network.costRules, [
  { key: 'network.cost.wwan0', kind: 'interface', name: 'wwan0', cost: 'usage-based' },
]);
test(accepts, 'network.cost.ssid:Guest Net=capped', ({ network }) => network.costRules, [
  { key: 'network.cost.ssid:Guest Net', kind: 'ssid', name: 'Guest Net', cost: 'capped' },
]);
test(accepts, 'peers=', ({ peers }) => peers, []);

test('of the queue, the defaults are those of BITS', (t) => {
  const { folder, ...jobs } = configWith().jobs;
  t.true(folder.endsWith(join('peer-cache', 'jobs')));
  t.deepEqual(jobs, {
    mostJobs: 60,
    mostFiles: 200,
    mostRanges: 500,
    minimumRetryDelayMs: 600_000,
    noProgressTimeoutMs: 14 * DAY,
    inactivityTimeoutMs: 90 * DAY,
    maximumDownloadMs: 90 * DAY,
    runningAtOnce: 12,
    filesAtOnce: 4,
    costPolicy: 'always',
  });
});

test('a table of notify tells whom, of what and how long, and is listed with the settings', async (t) => {
  const file = join(await temporaryFolder(t), 'config.toml');
  await writeFile(
    file,
    '[notify.desk]\ncommand = "/opt/tell"\non = ["error"]\n[notify.chat]\nwebhook = "http://[::1]:80/"\n',
  );
  const config = readConfig({ file, env: {}, set: ['notify.desk.timeout=2 min'] });
  t.deepEqual(config.notify, {
    desk: { kind: 'command', path: '/opt/tell', on: ['error'], timeoutMs: 120_000 },
    chat: { kind: 'webhook', url: 'http://[::1]/', on: ['transferred', 'error'] },
  });
  const listed = config.settings.filter(({ key }) => key.startsWith('notify.'));
  t.deepEqual(
    listed.map(({ key, from, isSecret }) => [key, from, isSecret]),
    [
      ['notify.desk.command', file, false],
      ['notify.desk.on', file, false],
      ['notify.chat.webhook', file, true],
      ['notify.desk.timeout', '--set notify.desk.timeout', false],
    ],
  );
});

test('no variable can name a program to start', (t) => {
  const env = { ...NO_FILE.env, PEER_CACHE_NOTIFY_DESK_COMMAND: '/opt/tell' };
  const error = t.throws(() => readConfig({ env }), { instanceOf: ConfigInvalidError });
  t.true(error?.message.includes('unknown variable PEER_CACHE_NOTIFY_DESK_COMMAND'));
});

test('what is wrong with a webhook is told without its secrets', (t) => {
  const set = ['notify.chat.webhook=https://me:pass@hooks.example/T0/secret'];
  const error = t.throws(() => configWith(...set), { instanceOf: ConfigInvalidError });
  t.notRegex(error?.message ?? 'none', /me:pass|T0|hooks/);
});

const refuses = test.macro<[string, ...string[]]>({
  exec(t, option, ...parts) {
    const error = t.throws(() => configWith(option), { instanceOf: ConfigInvalidError });
    for (const part of parts) t.true(error?.message.includes(part), error?.message);
  },
  title: (_, option) => `${option} is refused with what was expected`,
});

test(refuses, 'store.limit=20', 'store.limit is "20"; expected a size', '--set store.limit');
test(refuses, 'store.limit=1 MiB', 'at least 64 MiB');
test(refuses, 'store.limit=101%', 'expected');
test(refuses, 'store.limit=0%', 'expected');
test(refuses, 'store.folder=', 'expected a path');
test(refuses, 'sharing.enabled=yes', 'expected true or false');
test(refuses, 'sharing.port=80', 'expected a port number from 1024');
test(refuses, 'sharing.port=7690.5', 'expected');
test(refuses, 'sharing.networks=10.0.0.0/33', 'CIDR');
test(refuses, 'sharing.networks=10.0.0.0', 'CIDR');
test(refuses, 'sharing.interfaces=a b', 'names of network interfaces');
test(refuses, 'peers=10.0.0.5', 'hosts with ports');
test(refuses, 'peers=10.0.0.5:80', 'hosts with ports');
test(refuses, 'peers=[10.0.0.5]:7690', 'hosts with ports');
test(refuses, 'origins.sidecars=https://files.example/path', 'origins without a path');
test(refuses, 'origins.sidecars=https://user@files.example', 'origins without a path');
test(refuses, 'origins.sidecars=ftp://files.example', 'origins without a path');
test(refuses, 'log.level=loud', 'debug, info, warn, error, silent');
test(refuses, 'jobs.minimum_retry_delay=4 s', 'expected a time of 5 s');
test(refuses, 'jobs.minimum_retry_delay=600', 'jobs.minimum_retry_delay is "600"');
test(refuses, 'jobs.inactivity_timeout=12 h', 'expected a time of 1 d to 999 d');
test(refuses, 'jobs.inactivity_timeout=1000 d', 'expected a time of 1 d to 999 d');
test(refuses, 'jobs.maximum_download_time=0 s', 'expected a time of 1 s');
test(refuses, 'jobs.running_at_once=65', 'expected a number from 1 to 64');
test(refuses, 'jobs.files_at_once=0', 'expected a number from 1 to 16');
test(refuses, 'jobs.most_jobs=-1', 'expected a number from 1');
test(refuses, 'jobs.most_job=1', 'unknown key jobs.most_job', 'did you mean jobs.most_jobs?');
test(refuses, 'notify.desk.command=bin/tell', 'the absolute path of a program');
test(refuses, 'notify.desk.command=/opt/../bin/tell', 'the absolute path of a program');
test(refuses, 'notify.desk.on=transferred', 'needs either a webhook or a command');
test(refuses, 'notify.desk.comand=/bin/tell', 'did you mean notify.desk.command?');
test(refuses, 'notify.Desk.command=/bin/tell', 'unknown key notify.Desk.command');
test(refuses, 'notify.desk.webhook=ftp://hooks.example/', 'notify.desk.webhook is wrong');
test(
  refuses,
  'network.cost.wwan0=cheap',
  'network.cost.wwan0 is "cheap"; expected one of unrestricted, capped, near-cap, ',
);
test(refuses, 'network.cost=capped', 'unknown key network.cost; [network.cost] takes the name');
test(refuses, 'network.costs.wwan0=capped', 'unknown key network.costs.wwan0', '"ssid:Guest Net"');
test(refuses, 'network.cost.Guest Net=capped', 'of a Wi-Fi network, as in "ssid:Guest Net"');
test(refuses, 'network.cost.ssid:=capped', 'unknown key network.cost.ssid:');
test(refuses, `network.cost.ssid:${'ä'.repeat(17)}=capped`, 'unknown key network.cost.ssid:ää');
test(refuses, 'serving.on_batery=true', 'did you mean serving.on_battery?');
test(refuses, 'stor.limit=5%', 'unknown key stor.limit', 'did you mean store.limit?');
test(refuses, 'colour=blue', 'unknown key colour', 'known are store.folder, ');
test(refuses, 'store.limit', 'expected KEY=VALUE');

test('an unknown variable is refused with the nearest that there is', (t) => {
  const env = { ...NO_FILE.env, PEER_CACHE_STORE_LIMITS: '5%' };
  const error = t.throws(() => readConfig({ env }), { instanceOf: ConfigInvalidError });
  t.true(error?.message.includes('did you mean PEER_CACHE_STORE_LIMIT?'), error?.message);
});

const refusesFile = test.macro<[string, ...string[]]>({
  async exec(t, text, ...parts) {
    const file = join(await temporaryFolder(t), 'config.toml');
    await writeFile(file, text);
    const error = t.throws(() => readConfig({ file, env: {} }), { instanceOf: ConfigInvalidError });
    for (const part of [file, ...parts]) t.true(error?.message.includes(part), error?.message);
  },
  title: (_, text) => `a file with ${JSON.stringify(text)} is refused by its name`,
});

test(refusesFile, '[store]\nlimt = "5%"\n', 'unknown key store.limt', 'store.limit');
test(refusesFile, '[sharing]\nport = "7690"\n', 'sharing.port is "7690"; expected a port number');
test(refusesFile, 'peers = "10.0.0.5:7690"\n', 'peers is "10.0.0.5:7690"; expected hosts');
test(refusesFile, 'peers = [1]\n', 'peers is [1]');
test(refusesFile, 'store = 5\n', 'unknown key store');
test(refusesFile, 'store.limit = 2026-01-01\n', 'store.limit');
test(refusesFile, '[notify.desk]\n', 'unknown key notify.desk');
test(refusesFile, '[notify]\ndesk = "/opt/tell"\n', 'unknown key notify.desk');
test(
  refusesFile,
  '[notify.desk]\nwebhook = "http://a/"\ncommand = "/opt/tell"\n',
  'notify.desk needs either a webhook or a command, and has both',
);
test(refusesFile, '[notify.desk]\nwebhook = "http://a/"\ntimeout = "9 s"\n', 'webhooks get 5 s');
test(refusesFile, '[notify.desk]\ncommand = "/opt/tell"\non = ["moved"]\n', 'some of transferred');
test(refusesFile, '[notify."a.b"]\ncommand = "/opt/tell"\n', 'unknown key notify.a.b.command');
test(refusesFile, '[store\n', ':1:');

test(refusesFile, '[network.cost]\nwwan0 = 5\n', 'network.cost.wwan0 is 5; expected one of');
test(refusesFile, '[network]\ncost = "capped"\n', 'unknown key network.cost; [network.cost] takes');

test('a file that is named must be there', (t) => {
  t.throws(() => readConfig({ file: '/nowhere/config.toml', env: {} }), {
    instanceOf: ConfigInvalidError,
    message: /\/nowhere\/config\.toml/,
  });
});

test('the handbook tells every key, its default and its variable', async (t) => {
  const path = new URL('../../../docs/operations.md', import.meta.url);
  const lines = (await readFile(path, 'utf8')).split('\n');
  for (const { key, doc, value } of configWith().settings) {
    const row = lines.find((line) => line.startsWith(`| \`${key}\``) && line.includes(doc));
    t.truthy(row, `${key}: ${doc}`);
    t.true(row?.includes(variableOf(key)), `${key}: ${variableOf(key)}`);
    // The folders' defaults depend on who runs it.
    const shown = key.endsWith('.folder')
      ? `peer-cache/${key.replace('.folder', '')}`
      : JSON.stringify(value);
    t.true(row?.includes(shown), `${key}: ${shown}`);
  }
});
