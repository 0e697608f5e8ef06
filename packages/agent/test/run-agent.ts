import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { notifySocket, whyNoNotifySocket } from './helpers/notify-socket.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const AGENT = fileURLToPath(new URL('fixtures/run-agent.ts', import.meta.url));
const QUIET = 'sharing.enabled = false\nstore.limit = "64 MiB"\n';

const why = whyNoNotifySocket();
const withSocket = why === undefined ? test : test.skip;
if (why !== undefined) test(`an agent that runs is not tested: ${why}`, (t) => t.pass());

withSocket(
  'an agent tells its manager when it is ready, reloads and stops, and ends well',
  async (t) => {
    const manager = await notifySocket(t);
    const agent = await agentWith(t, manager.path);
    t.regex(await manager.next(), /^READY=1\nSTATUS=Answers at \/.*control\.sock/);
    await writeFile(agent.file, `${agent.text}jobs.most_jobs = 7\nlog.level = "debug"\n`);
    agent.process.kill('SIGHUP');
    t.regex(await manager.next(), /^RELOADING=1\nMONOTONIC_USEC=\d+/);
    t.regex(await manager.next(), /^READY=1/);
    t.like(await agent.logged('configuration reloaded'), {
      applied: ['jobs.most_jobs', 'log.level'],
      needsRestart: [],
    });
    const startedMs = performance.now();
    agent.process.kill('SIGTERM');
    t.regex(await manager.next(), /^STOPPING=1/);
    t.deepEqual(await agent.ended, [0, null]);
    t.true(performance.now() - startedMs < 5000);
  },
);

withSocket('its log tells what was configured, and no secret of it', async (t) => {
  const manager = await notifySocket(t);
  const secret = '[notify.chat]\nwebhook = "https://hooks.example/T0/xyzzy"\n';
  const agent = await agentWith(t, manager.path, secret);
  await manager.next();
  agent.process.kill('SIGTERM');
  await agent.ended;
  const logged = JSON.stringify(await agent.logged('configured'));
  t.true(logged.includes('notify.chat.webhook'));
  t.false(agent.output().includes('xyzzy'));
});

/** An agent in a process of its own, with a home of its own. */
async function agentWith(t: ExecutionContext, notifyPath: string, more = '') {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'config.toml');
  const text = `store.folder = "store"\njobs.folder = "jobs"\n${QUIET}`;
  await writeFile(file, text + more);
  const env = {
    ...process.env,
    NOTIFY_SOCKET: notifyPath,
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_CACHE_HOME: join(folder, 'cache'),
  };
  const child: ChildProcessByStdio<null, Readable, null> = spawn(
    process.execPath,
    [AGENT, file, join(folder, 'run', 'control.sock')],
    { env, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.teardown(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const ended = Promise.all([once(child, 'exit'), once(output, 'close')]).then(([exit]) => exit);
  /** The line with this message, as soon as it is written. */
  const logged = async (message: string): Promise<object> => {
    for (;;) {
      const line = lines.map((text_) => JSON.parse(text_)).find(({ msg }) => msg === message);
      if (line !== undefined) {
        return line;
      }
      await once(output, 'line', { signal: AbortSignal.timeout(10_000) });
    }
  };
  return { process: child, file, text, ended, logged, output: () => lines.join('\n') };
}
