import { writeFile } from 'node:fs/promises';
import test from 'ava';
import { FakeAgent } from './helpers/fake-agent.ts';
import { User } from './helpers/user.ts';

const TARGET = 'https://files.test/uploads/';

test('job create --upload sends the files and how they are to be sent', async (t) => {
  const user = await User.create(t);
  const agent = await FakeAgent.start(t, user.home);
  const create = ['job', 'create', '--upload', TARGET];
  const { code, stderr } = await user.run(...create, 'a.zip', 'b.zip', '--priority', 'low');
  t.is(code, 0, stderr);
  const [request] = agent.requests;
  t.like(request, { line: 'POST /v1/jobs' });
  t.like(request?.body, {
    kind: 'upload',
    name: 'a.zip',
    priority: 'low',
    resume: true,
    files: [
      { url: TARGET, path: user.path('a.zip'), upload: {} },
      { url: TARGET, path: user.path('b.zip'), upload: {} },
    ],
  });
  await user.run(...create, 'c', '--as', 'x/y', '--protocol', 'TUS', '--reply', '-o', 'answer');
  t.like(agent.requests.at(-1)?.body, {
    kind: 'upload-reply',
    files: [
      {
        url: TARGET,
        path: user.path('c'),
        upload: { name: 'x/y', protocol: 'tus', replyPath: user.path('answer') },
      },
    ],
  });
});

test('a plan of presigned URLs is read from its file', async (t) => {
  const user = await User.create(t);
  const agent = await FakeAgent.start(t, user.home);
  const plan = { partBytes: 5, partUrls: [`${TARGET}1`], completeUrl: `${TARGET}c` };
  await writeFile(user.path('plan.json'), JSON.stringify(plan));
  await user.run('job', 'create', '--upload', TARGET, 'c', '--s3', 'plan.json');
  t.like(agent.requests.at(-1)?.body, { files: [{ upload: { s3: plan } }] });
  await writeFile(user.path('other.json'), '[]');
  const { code, stderr } = await user.run(
    'job',
    'create',
    '--upload',
    TARGET,
    'c',
    '--s3',
    'other.json',
  );
  t.is(code, 2);
  t.regex(stderr, /other\.json is no plan/);
});

for (const [options, message] of [
  [['--upload', TARGET], /needs a file to send/],
  [['--upload', 'ftp://files.test/', 'a'], /no http: or https: URL/],
  [['--upload', 'https://u:p@files.test/', 'a'], /password/],
  [['--upload', TARGET, 'a', 'b', '--as', 'x'], /for one file/],
  [['--upload', TARGET, 'a', '-o', 'x'], /--reply/],
  [['--upload', TARGET, 'a', '--digest', `sha256:${'a'.repeat(64)}`], /goes with no/],
  [['--upload', TARGET, 'a', '--protocol', 'ftp'], /expected tus, ietf, put/],
  [['https://files.test/a', '--as', 'x'], /goes with --upload/],
  [['https://files.test/a', 'https://files.test/b'], /one URL/],
] as const) {
  test(`job create ${options.join(' ')} tells what is wrong`, async (t) => {
    const user = await User.create(t);
    const { code, stderr } = await user.run('job', 'create', ...options);
    t.is(code, 2, stderr);
    t.regex(stderr, message);
  });
}
