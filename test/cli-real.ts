import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { JobDetails, JobExplanation, JobPage } from '@peer-cache/protocol';
import test from 'ava';
import { AgentHome } from './helpers/agent-process.ts';
import { honestly, startFaultyOrigin } from './helpers/faulty-origin.ts';
import type { Answer, FaultyOrigin } from './helpers/faulty-origin.ts';
import { contentOf, temporaryFolder } from './helpers/parts.ts';

const PEER_CACHE = fileURLToPath(new URL('../packages/peer-cache/src/bin.ts', import.meta.url));
/** Commands start twice as fast when their types are not stripped each time. */
const COMPILE_CACHE = fileURLToPath(
  new URL('../node_modules/.cache/peer-cache-test', import.meta.url),
);
const ALONE = ['sharing.enabled=false'];
const BYTES = contentOf(300_000);
const PASSWORD = 'geheim';
const LOGGED_ON = `Basic ${Buffer.from(`me:${PASSWORD}`).toString('base64')}`;
const honest = honestly(() => ({ bytes: BYTES, etag: '"one"' }));

/** `/files/…` is there, `/busy/…` is not now, `/locked/…` wants a password, the rest does not exist. */
const answer: Answer = (request, response, count) => {
  const [, place] = (request.url ?? '').split('/');
  const isLocked = place === 'locked' && request.headers.authorization !== LOGGED_ON;
  if ((place === 'files' || place === 'locked') && !isLocked) {
    return honest(request, response, count);
  }
  response.statusCode = isLocked ? 401 : place === 'busy' ? 503 : 404;
  response.end();
};

interface CommandEnd {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user at a shell: a folder, an agent, an origin, and real commands. */
class Shell implements AsyncDisposable {
  readonly folder: string;
  readonly origin: FaultyOrigin;
  readonly #parts: AsyncDisposableStack;

  private constructor(parts: AsyncDisposableStack, folder: string, origin: FaultyOrigin) {
    this.#parts = parts;
    this.folder = folder;
    this.origin = origin;
  }

  static async open(): Promise<Shell> {
    await using parts = new AsyncDisposableStack();
    const { path } = parts.use(await temporaryFolder());
    const origin = parts.use(await startFaultyOrigin(answer));
    const home = await AgentHome.create(path);
    parts.use(await home.start({ set: ALONE }));
    return new Shell(parts.move(), path, origin);
  }

  /** Runs `peer-cache` in the folder; `input` is what stands in standard input. */
  async run(args: readonly string[], input = ''): Promise<CommandEnd> {
    const child = spawn(process.execPath, [PEER_CACHE, ...args], {
      cwd: this.folder,
      env: {
        PATH: process.env['PATH'],
        HOME: this.folder,
        XDG_RUNTIME_DIR: join(this.folder, 'RUNTIME_DIR'),
        NODE_COMPILE_CACHE: COMPILE_CACHE,
      },
    });
    child.stdin.end(input);
    const closed = once(child, 'close');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = await closed;
    return { code, stdout, stderr };
  }

  /** A command of one line; `ORIGIN` stands for the origin. */
  async say(line: string, input?: string): Promise<CommandEnd> {
    return await this.run(line.replaceAll('ORIGIN', this.origin.url).split(' '), input);
  }

  async why(job: string): Promise<JobExplanation> {
    return JSON.parse((await this.say(`why ${job} --json`)).stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

test.serial('a job is created, waited for, explained, shown and completed', async (t) => {
  await using shell = await Shell.open();
  const created = await shell.say('job create ORIGIN/files/a.iso --wait');
  t.is(created.code, 0, created.stderr);
  t.regex(created.stdout, /^[\da-f]{8}-[\da-f-]{27}\n$/);
  const short = created.stdout.slice(0, 8);
  t.regex(created.stderr, /^transferred.*: a\.iso, 293 KiB from the origin$/m);
  t.regex(created.stderr, new RegExp(`peer-cache job complete ${short}\n$`));
  t.false((await readdir(shell.folder)).includes('a.iso'), 'not there before it is completed');
  t.like(await shell.why('a.iso'), { state: 'transferred', reasons: [{ code: 'completion' }] });
  const shown = await shell.say('job show a.iso');
  t.regex(
    shown.stdout,
    /^state +transferred\n[^]*^progress +293 KiB of 293 KiB \(100 %\), 1 of 1/m,
  );
  const completed = await shell.say(`job complete ${short}`);
  t.is(completed.code, 0, completed.stderr);
  t.true(completed.stdout.startsWith(`${join(shell.folder, 'a.iso')}\n`));
  t.true(BYTES.equals(await readFile(join(shell.folder, 'a.iso'))));
  t.is((await shell.say('job list')).stdout, 'no jobs\n');
});

test.serial('documents for programs parse and have what is promised', async (t) => {
  await using shell = await Shell.open();
  const created = await shell.say('job create ORIGIN/files/a.iso --suspended --json');
  const job: JobDetails = JSON.parse(created.stdout);
  t.like(job, { name: 'a.iso', state: 'suspended', fileCount: 1, settings: { sharing: true } });
  const list: JobPage = JSON.parse((await shell.say('job list --json')).stdout);
  t.like(list, { total: 1, jobs: [{ id: job.id, doneBytes: 0, bytes: { origin: 0 } }] });
  const shown: JobDetails = JSON.parse((await shell.say('job show a.iso --json')).stdout);
  t.like(shown, { id: job.id, errorCount: 0, files: [{ index: 0, state: 'waiting' }] });
  const log = JSON.parse((await shell.say('job log a.iso --json')).stdout);
  t.deepEqual(log, { id: job.id, errorCount: 0, errors: [] });
  const status = JSON.parse((await shell.say('status --json')).stdout);
  t.like(status, { jobs: { counts: { suspended: 1 }, running: [] }, transfers: [] });
  const resumed = await shell.say('job resume a.iso --json');
  t.like(JSON.parse(resumed.stdout), { id: job.id });
  const watched = await shell.say('job watch a.iso --json');
  const events: { event: string; job?: { state: string } }[] = watched.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.is(watched.code, 0);
  t.is(events.findLast((event) => event.job !== undefined)?.job?.state, 'transferred');
  const ended = JSON.parse((await shell.say('job complete a.iso --json')).stdout);
  t.like(ended, { state: 'acknowledged', dropped: [], failures: [] });
});

test.serial('a list completes by itself, and says nothing of it where nobody asked', async (t) => {
  await using shell = await Shell.open();
  const list = join(shell.folder, 'list.tsv');
  const lines = ['a', 'b', 'c'].map((name) => `${shell.origin.url}/files/${name}\t${name}.bin`);
  await writeFile(list, `# three files\n${lines.join('\n')}\n`);
  const { code, stderr } = await shell.say(
    'job create --files-from list.tsv --wait --auto-complete',
  );
  t.is(code, 0, stderr);
  t.regex(stderr, /^completed.*: list\.tsv, 879 KiB from the origin\n$/m);
  const files = await readdir(shell.folder);
  for (const name of ['a.bin', 'b.bin', 'c.bin']) t.true(files.includes(name));
});

test.serial('what fails tells why and what to do, and its exit code is of one table', async (t) => {
  await using shell = await Shell.open();
  const missing = await shell.say('job create ORIGIN/nowhere/x --wait');
  t.is(missing.code, 3);
  t.regex(missing.stderr, /\(ORIGIN_NOT_FOUND\)\n {2}the job stays: peer-cache job resume/);
  t.is(missing.stderr.match(/ORIGIN_NOT_FOUND/g)?.length, 1, 'told once');
  t.like(await shell.why('x'), { state: 'error', reasons: [{ code: 'error' }] });
  t.regex((await shell.say('job log x')).stdout, /ORIGIN_NOT_FOUND {2}fatal, remote-file\n/);
  const [wrong, suspended, folder, unknown] = [
    await shell.say('job create ftp://a/b'),
    await shell.say('job suspend x'),
    await shell.say('job create ORIGIN/files/a -o nowhere/a'),
    await shell.say('job cancel nothing'),
  ];
  t.deepEqual([wrong.code, suspended.code, folder.code, unknown.code], [2, 1, 5, 3]);
  t.regex(suspended.stderr, /\(JOB_STATE\)/);
  const digest = `sha256:${'0'.repeat(64)}`;
  const damaged = await shell.say(`job create ORIGIN/files/a --digest ${digest} --wait`);
  t.is(damaged.code, 1);
  t.regex(damaged.stderr, /\(VALIDATION_FAILED\)/);
  t.is((await shell.say('job cancel x a')).code, 0);
  t.deepEqual(
    (await readdir(shell.folder)).filter((name) => name.includes('part')),
    [],
  );
});

test.serial('a job that waits for its origin is sent to another one', async (t) => {
  await using shell = await Shell.open();
  await shell.say('job create ORIGIN/busy/a.iso --auto-complete --name images');
  const watched = shell.say('job watch images');
  for (;;) {
    const { state, reasons } = await shell.why('images');
    if (state !== 'transient-error') continue;
    t.like(reasons, [{ code: 'retry-delay' }]);
    t.true((reasons[0]?.inSeconds ?? 0) > 500);
    break;
  }
  const set = await shell.say(
    'job set images --progress-timeout 13d --max-time 1h --priority high',
  );
  t.regex(set.stdout, /changed: priority, progress timeout, max time\n$/);
  t.regex((await shell.say('why images')).stdout, /gives up in 13 d$|gives up\s+in 13 d\n/m);
  // What kept it waiting is mended: it is tried at once.
  const moved = await shell.say('job retarget images --prefix ORIGIN/busy ORIGIN/files');
  t.is(moved.code, 0);
  const { code, stdout } = await watched;
  t.is(code, 0);
  t.regex(stdout, /transient-error: [^]*completed.*: images/);
  t.true(BYTES.equals(await readFile(join(shell.folder, 'a.iso'))));
});

test.serial('files are added, passwords given later, and none of them is ever shown', async (t) => {
  await using shell = await Shell.open();
  const refused = await shell.say('job create ORIGIN/locked/a --wait');
  t.is(refused.code, 1);
  t.regex(refused.stderr, /\(ORIGIN_REFUSED\)\n.*--password-stdin/);
  const set = await shell.say('job set a --user me --password-stdin', `${PASSWORD}\n`);
  t.is(set.code, 0, set.stderr);
  t.is((await shell.say('job add a ORIGIN/locked/b -o b')).code, 0);
  t.regex((await shell.say('job add a ORIGIN/locked/b -o b')).stderr, /\(JOB_REQUEST\)/);
  t.is((await shell.say('job resume a')).code, 0);
  t.is((await shell.say('job watch a')).code, 0);
  const screens = await Promise.all(
    ['job show a', 'job show a --json', 'job list --json', 'log --json --level debug'].map((line) =>
      shell.say(line),
    ),
  );
  t.regex(screens[0]?.stdout ?? '', /^credentials +for the origin$/m);
  const shown = [set, ...screens].map(({ stdout, stderr }) => stdout + stderr).join('\n');
  t.false(shown.includes(PASSWORD) || shown.includes(LOGGED_ON));
  const completed = await shell.say('job complete a');
  t.is(completed.stdout.split('\n').length, 4, completed.stdout);
});

test.serial('a file in the way is found when a job is created', async (t) => {
  await using shell = await Shell.open();
  await writeFile(join(shell.folder, 'a'), 'mine');
  const refused = await shell.say('job create ORIGIN/files/a');
  t.is(refused.code, 5);
  t.regex(refused.stderr, /\(FILE_EXISTS\)\n.*--overwrite/);
  const forced = await shell.say('job create ORIGIN/files/a --overwrite --auto-complete --wait');
  t.is(forced.code, 0, forced.stderr);
  t.true(BYTES.equals(await readFile(join(shell.folder, 'a'))));
});
