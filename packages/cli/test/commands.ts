import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { User } from './helpers/user.ts';

const TEXT = 'a text that is published\n'.repeat(100);

test.serial('without an agent, status says so and what to do', async (t) => {
  const user = await User.create(t);
  for (const args of [['status'], ['status', '--json']]) {
    const { code, stdout, stderr } = await user.run(...args);
    t.deepEqual([code, stdout], [1, '']);
    t.regex(
      stderr,
      /^peer-cache: no agent answers at .*\(AGENT_NOT_RUNNING\)\n {2}.*peer-cache agent/,
    );
  }
});

test.serial('an agent logs JSON, stops cleanly on SIGTERM, and is the only one', async (t) => {
  const user = await User.create(t);
  const { child, ended } = await user.startAgent();
  const second = await user.run('agent');
  t.is(second.code, 5);
  t.regex(second.stderr, /\(STORE_IN_USE\)/);
  const told = performance.now();
  child.kill('SIGTERM');
  const { code, stdout, stderr } = await ended;
  t.deepEqual([code, stderr], [0, '']);
  t.true(performance.now() - told < 5000);
  for (const line of stdout.trim().split('\n')) t.is(typeof JSON.parse(line), 'object', line);
  await t.throwsAsync(stat(join(user.home, 'peer-cache', 'control.sock')), { code: 'ENOENT' });
  t.is((await user.run('status')).code, 1);
});

test.serial('an agent that was killed is replaced by the next one', async (t) => {
  const user = await User.create(t);
  const { child, ended } = await user.startAgent();
  child.kill('SIGKILL');
  await ended;
  t.is((await user.run('status')).code, 1);
  await user.startAgent();
  t.is((await user.run('status')).code, 0);
});

const refuses = test.macro<[readonly string[], RegExp]>({
  async exec(t, args, message) {
    const { code, stdout, stderr } = await (await User.create(t)).run(...args);
    t.deepEqual([code, stdout], [2, '']);
    t.regex(stderr, message);
  },
  title: (_, args) => `"${args.join(' ')}" is wrong usage`,
});

test(refuses, [], /no command was given.*--help/);
test(refuses, ['gett', 'x'], /unknown command 'gett' \(Did you mean get\?\) \(USAGE\)/);
test(refuses, ['get'], /missing required argument 'url' \(USAGE\)/);
test(refuses, ['get', 'image.iso'], /image\.iso is no http: or https: URL.*\(USAGE\)/);
test(refuses, ['get', 'http://a/b', '--frob'], /unknown option '--frob' \(USAGE\)/);
test(refuses, ['get', 'http://a/b', '-o', '-', '--json'], /both want standard output.*\(USAGE\)/);
test(refuses, ['get', 'http://a/'], /no file name; give one with -o/);
test(refuses, ['status', '--jason'], /unknown option '--jason' \(Did you mean --json\?\)/);
test(refuses, ['agent', '--set', 'store.limt=1'], /did you mean store\.limit\? \(CONFIG_INVALID\)/);
test(refuses, ['agent', '--config', '/nowhere'], /^peer-cache: \/nowhere: .*\(CONFIG_INVALID\)/);
test(refuses, ['origin', 'serve', '.', '--port', 'x'], /number from 0 to 65535/);

test('help and version are told on standard output', async (t) => {
  const user = await User.create(t);
  const [help, getHelp, version, alsoVersion] = await Promise.all(
    ['--help', 'get --help', '--version', 'version'].map((line) => user.run(...line.split(' '))),
  );
  t.regex(help?.stdout ?? '', /Examples:[^]*Exit codes:/);
  t.regex(getHelp?.stdout ?? '', /--no-agent/);
  t.regex(version?.stdout ?? '', /^\d+\.\d+\.\d+\n$/);
  t.is(version?.stdout, alsoVersion?.stdout);
  for (const end of [help, getHelp, version]) t.like(end, { code: 0, stderr: '' });
});

test('config shows what is in force as TOML that can be read again', async (t) => {
  const user = await User.create(t);
  const { code, stdout } = await user.run('config', '--set', 'peers=10.0.0.1:7690');
  t.is(code, 0);
  t.regex(stdout, /peers = \["10\.0\.0\.1:7690"\] {2}# --set peers\n/);
  t.regex(stdout, /sharing\.loopback = true {2}# PEER_CACHE_SHARING_LOOPBACK\n/);
  await writeFile(user.path('c.toml'), stdout);
  const again = await user.run('config', '--config', 'c.toml', '--json');
  const settings: { key: string; value: unknown }[] = JSON.parse(again.stdout);
  t.deepEqual(settings.find(({ key }) => key === 'peers')?.value, ['10.0.0.1:7690']);
});

test('config check tells what a configuration runs into, and its exit code how bad that is', async (t) => {
  const user = await User.create(t);
  const well = await user.run('config', 'check', '--json');
  const findings: { level: string }[] = JSON.parse(well.stdout);
  t.is(well.code, findings.some(({ level }) => level === 'warning') ? 1 : 0);
  await writeFile(user.path('c.toml'), '[notify.ops]\ncommand = "/nowhere/tell"\n', {
    mode: 0o600,
  });
  const wrong = await user.run('config', 'check', '--config', 'c.toml');
  t.is(wrong.code, 2);
  t.regex(wrong.stdout, /^error {4}notify\.ops\.command: .*\(NOTIFY_COMMAND\)\n/);
});

test('service install tells what it would do, and does nothing', async (t) => {
  const user = await User.create(t);
  const { code, stdout, stderr } = await user.run('service', 'install', '--dry-run');
  t.is(code, 0, stderr);
  t.regex(stdout, /^would write .*peer-cache/);
  t.is((await user.run('service', 'uninstall', '--dry-run')).code, 0);
  t.is((await user.run('service', 'install', '--system', '--always')).code, 2);
});

test('publish writes sidecars that inspect reads, once', async (t) => {
  const user = await User.create(t);
  await mkdir(user.path('files/sub'), { recursive: true });
  await writeFile(user.path('files/sub/a.txt'), TEXT);
  const dry = await user.run('publish', 'files', '--dry-run');
  t.regex(dry.stdout, /^published {3}2\.4 KiB {2}sub\/a\.txt\n$/);
  await t.throwsAsync(readFile(user.path('files/sub/a.txt.peer-cache')), { code: 'ENOENT' });
  const first = await user.run('publish', 'files', '--json');
  t.is(first.code, 0, first.stderr);
  t.like(JSON.parse(first.stdout), { action: 'published', path: 'sub/a.txt', sizeBytes: 2500 });
  const second = await user.run('publish', 'files');
  t.regex(second.stderr, /published 0 files, 1 unchanged/);
  const inspected = await user.run('inspect', 'files/sub/a.txt.peer-cache', '--json');
  t.like(JSON.parse(inspected.stdout), { from: 'sidecar', sizeBytes: 2500, isPublic: false });
  t.is((await user.run('publish', 'nowhere')).code, 5);
});

test('inspect asks an origin for content information and fetches no content', async (t) => {
  const user = await User.create(t);
  await mkdir(user.path('files'));
  await writeFile(user.path('files/a.txt'), TEXT);
  const url = await user.startOrigin(user.path('files'));
  const { code, stdout } = await user.run('inspect', `${url}/a.txt`);
  t.is(code, 0);
  t.regex(stdout, /information {2}from the origin[^]*shared as {4}1 segment, 1 block\n/);
  t.is((await user.run('inspect', `${url}/nothing`)).code, 3);
});
