import { chmod, open, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '@peer-cache/core';
import { silentLog } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { NotifyCommand } from '../src/config/notify-settings.ts';
import { runNotifyCommand } from '../src/notify/run-notify-command.ts';
import { jobTransferred } from './helpers/job-summary.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const NEWS = jobTransferred();
const neverAborted = { log: silentLog, signal: new AbortController().signal };

/** A shell script, `$OUT` in it being a folder that the test reads. */
async function script(t: ExecutionContext, text: string, timeoutMs = 10_000) {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'tell');
  await writeFile(path, `#!/bin/sh\nOUT=${folder}\n${text}\n`);
  await chmod(path, 0o755);
  const command = commandAt(path, timeoutMs);
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  return { command, read };
}

test('a program gets job ID and state as arguments, and the job as JSON on standard input', async (t) => {
  const { command, read } = await script(t, 'printf "%s\\n" "$@" > $OUT/args; cat > $OUT/stdin');
  const delivery = await runNotifyCommand(command, NEWS, neverAborted);
  t.like(delivery, { isDelivered: true, facts: { exitCode: 0 } });
  t.is(await read('args'), `${NEWS.jobId}\ntransferred\n`);
  t.deepEqual(JSON.parse(await read('stdin')), {
    event: 'transferred',
    key: `${NEWS.jobId}:transferred:2000`,
    job: NEWS.job,
  });
});

test('it gets nothing of our environment, descriptors, folder and terminal', async (t) => {
  const { command, read } = await script(
    t,
    `cat /proc/self/environ | tr '\\0' '\\n' | sort > $OUT/env
     pwd > $OUT/cwd; echo "$0" > $OUT/name
     ls -l /proc/$$/fd > $OUT/fds
     cut -d ' ' -f 1,5,6,7 /proc/$$/stat > $OUT/stat`,
  );
  process.env['TOP_SECRET'] = 'xyzzy';
  await using _open = await open(join(await temporaryFolder(t), 'identity'), 'w');
  t.true((await runNotifyCommand(command, NEWS, neverAborted)).isDelivered);
  delete process.env['TOP_SECRET'];
  const env = (await read('env'))
    .split('\n')
    .filter((line) => !/^(?:|PWD=.*|_=.*|OLDPWD=.*|SHLVL=.*)$/.test(line));
  t.deepEqual(env, [`HOME=${userInfo().homedir}`, 'LANG=C.UTF-8', 'PATH=/usr/bin:/bin']);
  t.is(await read('cwd'), '/\n');
  if (process.platform !== 'linux') return;
  t.is(await read('name'), '/proc/self/fd/3\n');
  t.notRegex(await read('fds'), /identity/);
  const [pid, group, session, terminal] = (await read('stat')).trim().split(' ');
  t.deepEqual([group, session, terminal], [pid, pid, '0']);
});

test('a program that is no script is started too', async (t) => {
  t.true((await runNotifyCommand(commandAt('/usr/bin/true'), NEWS, neverAborted)).isDelivered);
  t.like(await runNotifyCommand(commandAt('/usr/bin/false'), NEWS, neverAborted), {
    isDelivered: false,
    facts: { exitCode: 1 },
  });
});

test('any exit code but 0 means that the news did not arrive', async (t) => {
  const { command } = await script(t, 'exit 7');
  t.like(await runNotifyCommand(command, NEWS, neverAborted), {
    isDelivered: false,
    facts: { exitCode: 7 },
  });
});

test('at its time limit a program is ended, with all that it started', async (t) => {
  const { command, read } = await script(t, 'sleep 60 & echo $$ $! > $OUT/pids; wait', 300);
  const delivery = await runNotifyCommand(command, NEWS, neverAborted);
  t.like(delivery, { isDelivered: false, facts: { endedBy: 'SIGTERM', reason: 'time limit' } });
  t.deepEqual(await running(await read('pids')), []);
});

test('one that does not listen is ended by force', async (t) => {
  const { command, read } = await script(
    t,
    "trap '' TERM; echo $$ > $OUT/pids; while :; do sleep 0.1; done",
    300,
  );
  const delivery = await runNotifyCommand(command, NEWS, neverAborted);
  t.like(delivery, { isDelivered: false, facts: { endedBy: 'SIGKILL', reason: 'time limit' } });
  t.deepEqual(await running(await read('pids')), []);
});

test('what a program leaves in the background ends with it', async (t) => {
  const { command, read } = await script(t, 'sleep 60 & echo $! > $OUT/pids');
  const delivery = await runNotifyCommand(command, NEWS, neverAborted);
  t.true(delivery.isDelivered);
  t.deepEqual(await running(await read('pids')), []);
});

test('an agent that ends does not wait for it', async (t) => {
  const { command } = await script(t, 'sleep 60');
  const abort = new AbortController();
  const run = runNotifyCommand(command, NEWS, { log: silentLog, signal: abort.signal });
  setTimeout(() => abort.abort(), 50);
  t.like(await run, { isDelivered: false, facts: { endedBy: 'SIGKILL' } });
});

test('what it writes goes to the log at debug, the beginning only', async (t) => {
  const { command } = await script(t, 'head -c 100000 /dev/zero | tr "\\0" x; echo oops >&2');
  const facts: object[] = [];
  const log: Log = { ...silentLog, debug: (fact) => void facts.push(fact) };
  await runNotifyCommand(command, NEWS, { ...neverAborted, log });
  t.like(facts, [{ jobId: NEWS.jobId, stdout: 'x'.repeat(4096), stderr: 'oops\n' }]);
});

test('one that may not be started, or can not be, tells why', async (t) => {
  const { command } = await script(t, '');
  await chmod(command.path, 0o777);
  const writable = await runNotifyCommand(command, NEWS, neverAborted);
  t.regex(String(writable.facts['reason']), /others can write to it/);
  await chmod(command.path, 0o600);
  t.like(await runNotifyCommand(command, NEWS, neverAborted), {
    isDelivered: false,
    facts: { reason: 'EACCES' },
  });
});

function commandAt(path: string, timeoutMs = 10_000): NotifyCommand {
  return { kind: 'command', path, on: ['transferred'], timeoutMs };
}

/** Which of these process IDs still run when they had time to end. */
async function running(pids: string): Promise<string[]> {
  const deadlineMs = performance.now() + 5000;
  for (;;) {
    const states = await Promise.all(pids.trim().split(/\s+/).map(stateOf));
    const still = states.filter((state) => state !== undefined);
    if (still.length === 0 || performance.now() > deadlineMs) return still;
    await wait(10);
  }
}

/** Undefined for one that has ended; a zombie has, and whoever inherits it will see. */
async function stateOf(pid: string): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat === '' || / Z /.test(stat) ? undefined : stat;
}
