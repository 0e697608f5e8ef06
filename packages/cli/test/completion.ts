import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { FakeAgent } from './helpers/fake-agent.ts';
import { fakeJob } from './helpers/fake-job.ts';
import { hasTmux, Terminal } from './helpers/terminal.ts';
import { User } from './helpers/user.ts';

const run = promisify(execFile);
const BIN = fileURLToPath(new URL('helpers/bin.ts', import.meta.url));
const PATIENCE_MS = 25_000;
/** Shells that read nobody's start-up files. */
const SHELLS = {
  bash: ['bash', '--norc', '-i'],
  zsh: ['zsh', '-f', '-i'],
  fish: ['fish', '--no-config', '-i'],
} as const;
const LOAD = {
  bash: 'eval "$(peer-cache completion bash)"',
  zsh: 'autoload -U compinit; compinit -D; source <(peer-cache completion zsh)',
  fish: 'peer-cache completion fish | source',
} as const;

async function userWithCommand(t: ExecutionContext): Promise<User> {
  const user = await User.create(t);
  await mkdir(user.path('bin'));
  await writeFile(
    user.path('bin/peer-cache'),
    `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`,
  );
  await chmod(user.path('bin/peer-cache'), 0o755);
  return user;
}

async function completed(user: User, ...words: readonly string[]): Promise<string[]> {
  const { stdout } = await user.run('complete', '--', ...words);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '');
}

test.serial('commands, options, choices, folders and jobs are completed', async (t) => {
  const user = await User.create(t);
  t.true((await completed(user, 'j')).includes('job'));
  t.false((await completed(user, '')).includes('complete'));
  t.true((await completed(user, 'job', '')).includes('retarget'));
  t.true((await completed(user, 'job', 'create', '--pri')).includes('--priority'));
  t.deepEqual(await completed(user, 'job', 'create', '--priority', ''), [
    'foreground',
    'high',
    'normal',
    'low',
  ]);
  t.deepEqual(await completed(user, 'job', 'create', 'http://a/b', '-o', ''), [':files']);
  t.deepEqual(await completed(user, 'publish', ''), [':folders']);
  t.deepEqual(await completed(user, 'completion', ''), ['bash', 'zsh', 'fish']);
  t.deepEqual(await completed(user, 'job', 'show', ''), ['']);
  const agent = await FakeAgent.start(t, user.home);
  agent.add(fakeJob());
  agent.add(fakeJob({ id: '91ab0000-2', name: 'of two words', state: 'suspended' }));
  t.deepEqual(await completed(user, 'job', 'show', '--json', ''), [
    '8f3a1c2e',
    'debian-12.iso',
    '91ab0000',
  ]);
  t.deepEqual(await completed(user, 'job', 'resume', ''), ['91ab0000']);
});

const completesIn = test.macro<[keyof typeof SHELLS]>({
  async exec(t, shell) {
    const isHere = await run(shell, ['--version']).then(
      () => true,
      () => false,
    );
    if (!isHere || !(await hasTmux())) {
      t.log(`skipped: this needs ${shell} and tmux`);
      t.pass();
      return;
    }
    const user = await userWithCommand(t);
    const agent = await FakeAgent.start(t, user.home);
    agent.add(fakeJob());
    // tmux gives its own PATH to what it starts.
    const path = `PATH=${user.path('bin')}:${user.env['PATH']}`;
    // A shell that ends writes no history into a home that is being removed.
    const env = { ...user.env, LANG: 'C.UTF-8', HISTFILE: '' };
    const terminal = await Terminal.open(t, ['env', path, ...SHELLS[shell]], env);
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await terminal.press(`${LOAD[shell]}; echo lo''aded`, 'Enter');
    await terminal.untilShown(/^loaded$/, { signal });
    await terminal.press('peer-cache job susp', 'Tab');
    await terminal.untilShown(/peer-cache job suspend$/, { signal });
    await terminal.press('deb', 'Tab');
    const lines = await terminal.untilShown(/peer-cache job suspend debian-12\.iso/, { signal });
    t.log(`\n${lines.join('\n')}`);
    t.pass();
  },
  title: (_, shell) => `${shell} completes commands and names of jobs`,
});

test.serial(completesIn, 'bash');
test.serial(completesIn, 'zsh');
test.serial(completesIn, 'fish');
