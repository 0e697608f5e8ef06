import { mkdir, writeFile } from 'node:fs/promises';
import test from 'ava';
import { FakeAgent } from './helpers/fake-agent.ts';
import { fakeJob } from './helpers/fake-job.ts';
import { User } from './helpers/user.ts';

const URL_OF_A = 'https://files.example.com/a.iso';

test.serial(
  '--netrc takes what stands there for the host, from a file that is private',
  async (t) => {
    const user = await User.create(t);
    const agent = await FakeAgent.start(t, user.home);
    const netrc = 'machine files.example.com login me password geheim\n';
    await writeFile(user.path('.netrc'), netrc, { mode: 0o644 });
    const open = await user.run('job', 'create', URL_OF_A, '--netrc');
    t.is(open.code, 2);
    t.regex(open.stderr, /others have rights to .*\.netrc; take them away with chmod 600/);
    const other = await user.run('job', 'create', 'https://else.example.com/a', '--netrc');
    t.is(other.code, 2);
    t.deepEqual(agent.requests, []);
  },
);

test.serial('--netrc gives a job the password, and says nothing of it', async (t) => {
  const user = await User.create(t);
  const agent = await FakeAgent.start(t, user.home);
  await writeFile(user.path('.netrc'), 'default login me password geheim\n', { mode: 0o600 });
  const created = await user.run('job', 'create', URL_OF_A, '--netrc');
  t.is(created.code, 0, created.stderr);
  const set = await user.run('job', 'set', 'a.iso', '--netrc');
  t.is(set.stdout, 'a.iso is queued; changed: secrets\n');
  const origin = { scheme: 'basic', user: 'me', password: 'geheim' };
  const sent = agent.requests.filter(({ body }) => body !== undefined);
  for (const { body } of sent) t.like(body, { secrets: { origin } });
  t.is(sent.length, 2);
  t.false(JSON.stringify([created, set]).includes('geheim'));
});

test.serial('authorities that are not there are told before a job is made', async (t) => {
  const user = await User.create(t);
  const agent = await FakeAgent.start(t, user.home);
  const { code, stderr } = await user.run('job', 'create', URL_OF_A, '--ca', 'gone.pem');
  t.is(code, 5);
  t.regex(stderr, /\(FILE_UNREADABLE\)/);
  t.deepEqual(agent.requests, []);
});

test.serial('job add sends files, and refuses to add none', async (t) => {
  const user = await User.create(t);
  const agent = await FakeAgent.start(t, user.home);
  agent.add(fakeJob());
  await mkdir(user.path('into'));
  const { code, stdout } = await user.run('job', 'add', '8f3a1c2e', URL_OF_A, '-o', 'into');
  t.deepEqual([code, stdout], [0, 'debian-12.iso has 1 file now and is transferring\n']);
  t.deepEqual(agent.requests, [
    {
      line: 'POST /v1/jobs/8f3a1c2e/files',
      body: { files: [{ url: URL_OF_A, path: user.path('into/a.iso') }] },
    },
  ]);
  t.regex((await user.run('job', 'add', '8f3a1c2e')).stderr, /a URL or --files-from is missing/);
});
