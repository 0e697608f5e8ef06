import { writeFile } from 'node:fs/promises';
import test from 'ava';
import { FakeAgent } from './helpers/fake-agent.ts';
import { fakeFile, fakeJob } from './helpers/fake-job.ts';
import { User } from './helpers/user.ts';

const URL_OF_A = 'https://files.example.com/a.iso';
const MIRROR = 'https://mirror.example.com/a.iso';
const FAILURE = {
  code: 'ORIGIN_NOT_FOUND',
  message: 'the origin has no such content',
  transient: false,
  context: 'remote-file',
  atMs: 0,
} as const;

test.serial(
  'job create sends absolute paths and settings, prints the ID and what to do next',
  async (t) => {
    const user = await User.create(t);
    const agent = await FakeAgent.start(t, user.home);
    const flags = '--priority high --retry-delay 10m --range 0-499 --range 600- --no-sharing'.split(
      ' ',
    );
    const { code, stdout, stderr } = await user.run(
      'job',
      'create',
      URL_OF_A,
      '-o',
      'x.iso',
      ...flags,
    );
    t.is(code, 0, stderr);
    t.is(stdout, '8f3a1c2e-1111-4222-8333-444455556666\n');
    t.regex(stderr, /peer-cache job watch 8f3a1c2e\n.*peer-cache job complete 8f3a1c2e\n/);
    t.deepEqual(agent.requests, [
      {
        line: 'POST /v1/jobs',
        body: {
          name: 'x.iso',
          priority: 'high',
          minimumRetryDelaySeconds: 600,
          sharing: false,
          files: [
            {
              url: URL_OF_A,
              path: user.path('x.iso'),
              ranges: [{ startByte: 0, endByte: 500 }, { startByte: 600 }],
            },
          ],
          resume: true,
        },
      },
    ]);
  },
);

test.serial('secrets come from files and standard input, and are in no other place', async (t) => {
  const user = await User.create(t);
  const agent = await FakeAgent.start(t, user.home);
  await writeFile(user.path('headers'), '# ours\nX-Token: abc\n');
  const args = ['--user', 'me', '--password-stdin', '--header-file', 'headers', '--json'];
  const { child, ended } = user.start('job', 'create', URL_OF_A, ...args);
  child.stdin.end('geheim\n');
  const { code, stdout, stderr } = await ended;
  t.is(code, 0, stderr);
  t.notRegex(stdout + stderr, /geheim|abc/);
  t.like(agent.requests[0]?.body, {
    secrets: {
      headers: { 'X-Token': 'abc' },
      origin: { scheme: 'basic', user: 'me', password: 'geheim' },
    },
  });
});

test.serial('a list names many files', async (t) => {
  const user = await User.create(t);
  const agent = await FakeAgent.start(t, user.home);
  await writeFile(
    user.path('list'),
    `# images\n${URL_OF_A}\tb.iso\t${MIRROR}\n${URL_OF_A}\t\t${MIRROR}\n${URL_OF_A}\tc.iso\n`,
  );
  t.is((await user.run('job', 'create', '--files-from', 'list', '--suspended')).code, 0);
  const files = ['b.iso', 'a.iso', 'c.iso'].map((name) => ({
    url: URL_OF_A,
    path: user.path(name),
  }));
  const mirrored = files.map((file, at) => (at < 2 ? { ...file, mirrors: [MIRROR] } : file));
  t.like(agent.requests[0]?.body, { name: 'list', resume: false, files: mirrored });
});

test.serial('a file may have mirrors', async (t) => {
  const user = await User.create(t);
  const agent = await FakeAgent.start(t, user.home);
  const others = [MIRROR, 'http://c.test/a'];
  const args = others.flatMap((mirror) => ['-m', mirror]);
  t.is((await user.run('job', 'create', URL_OF_A, ...args)).code, 0);
  t.like(agent.requests[0]?.body, { files: [{ url: URL_OF_A, mirrors: others }] });
});

test.serial('a limit and a cost policy are given, shown and taken away', async (t) => {
  const user = await User.create(t);
  const agent = await FakeAgent.start(t, user.home);
  const given = ['--limit', '500 kB/s', '--cost-policy', 'no-surcharge'];
  t.is((await user.run('job', 'create', URL_OF_A, ...given)).code, 0);
  t.like(agent.requests[0]?.body, { limit: 500_000, costPolicy: 'no-surcharge' });
  const { settings } = fakeJob();
  agent.add(
    fakeJob({ id: 'b-1', settings: { ...settings, limit: 500_000, costPolicy: 'standard' } }),
  );
  const shown = await user.run('job', 'show', 'b-1');
  t.regex(shown.stdout, /network +at most 488\.3 KiB\/s over the WAN, cost policy standard\n/);
  agent.add(fakeJob({ id: 'c-1', settings: { ...settings, limit: 0 } }));
  t.regex((await user.run('job', 'show', 'c-1')).stdout, /network +blocked: nothing may come/);
  const taken = ['--limit', 'none', '--cost-policy', 'default'];
  const set = await user.run('job', 'set', 'b-1', ...taken);
  t.regex(set.stdout, /changed: limit, cost policy\n/);
  t.like(agent.requests.at(-1)?.body, { limit: 'none', costPolicy: 'default' });
});

const refuses = test.macro<[string, number, RegExp]>({
  async exec(t, line, exitCode, message) {
    const user = await User.create(t);
    const agent = await FakeAgent.start(t, user.home);
    const { code, stdout, stderr } = await user.run(...line.split(' '));
    t.deepEqual([code, stdout], [exitCode, ''], stderr);
    t.regex(stderr.split('\n')[0] ?? '', message);
    t.deepEqual(
      agent.requests.filter(({ line: each }) => each.startsWith('POST')),
      [],
    );
  },
  title: (_, line) => `"${line}" is refused before anything is asked for`,
});

test.serial(refuses, 'job create', 2, /a URL is missing.*\(USAGE\)$/);
test.serial(
  refuses,
  'job create ftp://me:pw@a/b',
  2,
  /^peer-cache: ftp:\/\/a\/b is no http: or https: URL/,
);
test.serial(
  refuses,
  'job create https://me:pw@a/b',
  2,
  /^peer-cache: https:\/\/a\/b has a user or password/,
);
test.serial(
  refuses,
  'job create http://a/b -o /nowhere/b',
  5,
  /\/nowhere is no folder.*\(TARGET_FOLDER_MISSING\)/,
);
test.serial(
  refuses,
  'job create http://a/b --digest sha256:ab',
  2,
  /sha256 has 64 digits, this one 2/,
);
test.serial(refuses, 'job create http://a/b --range 5-4', 2, /expected FIRST-LAST/);
test.serial(refuses, 'job create http://a/b --retry-delay 10x', 2, /expected a duration such as/);
test.serial(refuses, 'job create http://a/b --limit 50%', 2, /expected a rate from 1 kB\/s/);
test.serial(refuses, 'job set x --cost-policy cheap', 2, /Allowed choices are always,/);
test.serial(refuses, 'job create http://a/b --user me', 2, /give both or none/);
test.serial(
  refuses,
  'job create http://a/b --proxy http://u:p@c',
  2,
  /--proxy has a user or password/,
);
test.serial(refuses, 'job create http://a/b --wait --suspended', 2, /would wait for ever/);
test.serial(
  refuses,
  'job create http://a/b --bearer-stdin --secrets-stdin',
  2,
  /both read standard input|is no JSON/,
);
test.serial(refuses, 'job set x', 2, /nothing to set/);
test.serial(refuses, 'job retarget x --file 0', 2, /expected --file INDEX --url URL/);
test.serial(refuses, 'job list --state gone', 2, /gone is no state; there are transferring/);
test.serial(
  refuses,
  'job show nothing',
  3,
  /^peer-cache: there is no job nothing.*\(JOB_NOT_FOUND\)$/,
);
test.serial(refuses, 'job', 2, /no command was given|missing/);

test.serial(
  'jobs are acted on one after the other, and the first failure decides the exit code',
  async (t) => {
    const user = await User.create(t);
    const agent = await FakeAgent.start(t, user.home);
    agent.add(fakeJob());
    const suspend = await user.run('job', 'suspend', 'nothing', 'debian-12.iso');
    t.is(suspend.code, 3);
    t.is(suspend.stdout, 'debian-12.iso is suspended\n');
    const complete = await user.run('job', 'complete', '8f3a1c2e', '--json');
    t.is(complete.code, 0);
    t.like(JSON.parse(complete.stdout), { state: 'acknowledged', dropped: [] });
  },
);

test.serial('job list asks for one page, and for all of them when told to', async (t) => {
  const user = await User.create(t);
  const agent = await FakeAgent.start(t, user.home);
  for (let number = 0; number < 1500; number++) {
    agent.add(fakeJob({ id: `${String(number).padStart(8, '0')}-x`, name: `job ${number}` }));
  }
  const page = await user.run('job', 'list');
  t.is(page.stdout.split('\n').length, 1 + 100 + 1 + 1);
  t.regex(page.stdout, /100 of 1500 jobs; --all-pages shows all\n$/);
  const all = await user.run('job', 'list', '--all-pages', '--json', '--state', 'transferring');
  t.is(JSON.parse(all.stdout).jobs.length, 1500);
  t.deepEqual(
    agent.requests.map(({ line }) => line),
    [
      'GET /v1/jobs?limit=100',
      'GET /v1/jobs?state=transferring&limit=1000',
      'GET /v1/jobs?state=transferring&limit=1000&after=1000',
    ],
  );
});

const endsWith = test.macro<[string, Parameters<FakeAgent['move']>[1], number]>({
  async exec(t, _title, changes, exitCode) {
    const user = await User.create(t);
    const agent = await FakeAgent.start(t, user.home);
    const job = agent.add(fakeJob());
    const { ended, untilSaid } = user.start('job', 'watch', 'debian-12.iso');
    await untilSaid(/transferring, 1\.6 GiB of 3\.6 GiB \(43 %\)/);
    agent.move(job, changes);
    const { code, stdout, stderr } = await ended;
    t.is(code, exitCode, stdout + stderr);
  },
  title: (_, title) => `watching ends ${title}`,
});

test.serial(endsWith, 'well when a job is transferred', { state: 'transferred' }, 0);
test.serial(endsWith, 'with the error of a job', { state: 'error', error: FAILURE }, 3);
test.serial(endsWith, 'when a job is cancelled', { state: 'cancelled' }, 1);
test.serial(
  endsWith,
  'with "later" when a transient error lasted too long',
  { state: 'error', error: { ...FAILURE, code: 'ORIGIN_BUSY', transient: true } },
  4,
);

test.serial('watching tells programs what happens, and ends when the agent does', async (t) => {
  const user = await User.create(t);
  const agent = await FakeAgent.start(t, user.home);
  const job = agent.add(fakeJob());
  const { ended, untilSaid } = user.start('job', 'watch', '8f3a', '--json');
  await untilSaid(/"job-changed"/);
  agent.tell({ event: 'file-moved', jobId: job.id, file: fakeFile({ state: 'transferred' }) });
  await untilSaid(/"file-moved"/);
  agent.stop();
  const { code, stdout, stderr } = await ended;
  t.is(code, 4);
  t.regex(stderr, /\(AGENT_GONE\)/);
  for (const line of stdout.trim().split('\n')) t.is(typeof JSON.parse(line), 'object');
});
