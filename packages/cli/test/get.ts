import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { User } from './helpers/user.ts';

const SIZE = 5_000_000;
/** The same for every run, and different in every block. */
const CONTENT = Buffer.alloc(SIZE);
for (let at = 0; at < SIZE; at += 32) {
  createHash('sha256').update(String(at)).digest().copy(CONTENT, at);
}

async function originWith(user: User): Promise<string> {
  await mkdir(user.path('served'));
  await writeFile(user.path('served/a file.bin'), CONTENT);
  return await user.startOrigin(user.path('served'));
}

/** Answers every request with the head of a content that never comes. */
async function silentOrigin(t: ExecutionContext): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': SIZE }).write('x');
  }).listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://127.0.0.1:${port}/file`;
}

test.serial('a second agent gets all content bytes from the first one', async (t) => {
  const [first, second] = [await User.create(t), await User.create(t)];
  const [url] = await Promise.all([originWith(first), first.startAgent(), second.startAgent()]);
  const warm = await first.run('get', `${url}/a%20file.bin`);
  t.like(warm, { code: 0, stdout: '' });
  t.regex(warm.stderr, /^done: .*\/a file\.bin, 4\.8 MiB in .* from the origin \(0 % saved\)\n$/);
  const cold = await second.run('get', `${url}/a%20file.bin`, '-o', 'x', '--json');
  t.is(cold.code, 0, cold.stderr);
  const events: { event: string }[] = cold.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.like(events.at(0), { event: 'started', sizeBytes: SIZE, isShared: true });
  t.like(events.at(-1), {
    event: 'done',
    path: second.path('x'),
    bytes: { store: 0, peers: SIZE, origin: 0 },
    peerCount: 1,
  });
  t.true(CONTENT.equals(await readFile(second.path('x'))));
  const status = await second.run('status');
  t.regex(
    status.stdout,
    /received {4}100 % saved: 0 B from the store, 4\.8 MiB from peers, 0 B from origins/,
  );
  t.like(JSON.parse((await first.run('status', '--json')).stdout), { servedBytes: SIZE });
});

test.serial('the agent hands a content over to standard output', async (t) => {
  const user = await User.create(t);
  const [url] = await Promise.all([originWith(user), user.startAgent()]);
  const { child, ended } = user.start('get', `${url}/a%20file.bin`, '-o', '-');
  const digest = createHash('sha256');
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    digest.update(Buffer.from(text, 'latin1'));
  });
  t.is((await ended).code, 0);
  t.is(digest.digest('hex'), createHash('sha256').update(CONTENT).digest('hex'));
});

test.serial(
  'when whoever reads standard output leaves, the command ends with an error',
  async (t) => {
    const user = await User.create(t);
    const url = await originWith(user);
    const { child, ended } = user.start('get', `${url}/a%20file.bin`, '-o', '-');
    child.stdout.once('data', () => child.stdout.destroy());
    const { code, stderr } = await ended;
    t.is(code, 1);
    t.regex(stderr, /^peer-cache: [^\n]+ \(OUTPUT_CLOSED\)\n$/);
  },
);

test.serial('without an agent the command does it all, and the store stays', async (t) => {
  const user = await User.create(t);
  const url = await originWith(user);
  t.like(await user.run('get', `${url}/a%20file.bin`, '-q'), { code: 0, stdout: '', stderr: '' });
  t.true(CONTENT.equals(await readFile(user.path('a file.bin'))));
  const again = await user.run('get', `${url}/a%20file.bin`, '-o', 'again');
  t.regex(again.stderr, /4\.8 MiB from the store, 0 B from 0 peers, 0 B from the origin/);
  const exists = await user.run('get', `${url}/a%20file.bin`);
  t.is(exists.code, 5);
  t.regex(exists.stderr, /^peer-cache: .*a file\.bin exists.* \(FILE_EXISTS\)\n {2}.*--force/);
  t.is((await user.run('get', `${url}/a%20file.bin`, '--force')).code, 0);
});

test.serial('each kind of failure has an exit code of its own', async (t) => {
  const user = await User.create(t);
  const url = await originWith(user);
  const fails = async (code: number, name: string, ...args: string[]): Promise<void> => {
    const end = await user.run('get', ...args);
    t.is(end.code, code, end.stderr);
    t.regex(end.stderr, new RegExp(`^peer-cache: [^\\n]+ \\(${name}\\)\\n`));
    t.false(end.stderr.includes(' at '), 'no stack');
  };
  await fails(3, 'ORIGIN_NOT_FOUND', `${url}/nothing`);
  await fails(4, 'ORIGIN_UNREACHABLE', 'http://127.0.0.1:1/a');
  await fails(5, 'FILE_UNWRITABLE', `${url}/a%20file.bin`, '-o', '/proc/nothing/here');
});

test.serial(
  'Ctrl-C ends a get with 130 and leaves no file, with an agent or without',
  async (t) => {
    const user = await User.create(t);
    const url = await silentOrigin(t);
    const interrupt = async (): Promise<void> => {
      const { child, ended, untilSaid } = user.start('get', url, '-o', 'x', '--json');
      await untilSaid(/"progress"/);
      child.kill('SIGINT');
      const end = await ended;
      t.is(end.code, 130);
      t.regex(end.stderr, /interrupted/);
      await t.throwsAsync(readFile(user.path('x')), { code: 'ENOENT' });
    };
    await interrupt();
    await user.startAgent();
    await interrupt();
    const { transfers }: { transfers: unknown[] } = JSON.parse(
      (await user.run('status', '--json')).stdout,
    );
    t.deepEqual(transfers, []);
  },
);

test.serial('when the agent is stopped, who waits for it is told to come back', async (t) => {
  const user = await User.create(t);
  const [url, agent] = [await silentOrigin(t), await user.startAgent()];
  const { ended, untilSaid } = user.start('get', url, '-o', 'x', '--json');
  await untilSaid(/"progress"/);
  agent.child.kill('SIGTERM');
  t.is((await agent.ended).code, 0);
  const end = await ended;
  t.is(end.code, 4);
  t.regex(end.stderr, /\((AGENT_GONE|CANCELLED)\)/);
});
