import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MIB } from '@peer-cache/core';
import type { JobDetails, JobRequest, JobState } from '@peer-cache/protocol';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { controlCall } from '../packages/agent/test/helpers/control-call.ts';
import { startOrigin } from '../packages/transport/test/helpers/servers.ts';
import { startUploadServer } from '../packages/upload/test/helpers/upload-server.ts';
import { AgentHome } from './helpers/agent-process.ts';
import { missingPrograms } from './helpers/branch-office/missing-programs.ts';
import { startDavServer } from './helpers/dav-server.ts';
import { eventually } from './helpers/lan-office.ts';
import { contentOf, temporaryFolder } from './helpers/parts.ts';

const SIZE = 3 * MIB + 5;
const missing = missingPrograms(['nginx']);
const withNginx = missing.length === 0 ? test.serial : test.serial.skip;

interface Setup extends AsyncDisposable {
  readonly folder: string;
  readonly home: AgentHome;
  readonly bytes: Buffer;
  readonly path: string;
}

/** A user with a file, and the agent that sends it. */
async function setUp(): Promise<Setup> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(await temporaryFolder());
  const home = await AgentHome.create(join(folder, 'home'));
  stack.use(await home.start());
  const bytes = contentOf(SIZE);
  const path = join(folder, 'report.bin');
  await writeFile(path, bytes);
  const moved = stack.move();
  return { folder, home, bytes, path, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

async function create(
  { home, path }: Setup,
  url: string,
  request: Partial<JobRequest> = {},
): Promise<JobDetails> {
  const { client } = home;
  const files = [{ url, path }];
  return await client.create({ name: 'sent', kind: 'upload', files, resume: true, ...request });
}

async function ends(t: ExecutionContext, { home }: Setup, job: JobDetails, state: JobState) {
  const done = await home.client.until(job.id, (each) => each.state === state);
  t.is(done.state, state);
  return done;
}

withNginx('a file arrives at nginx by PUT, in a folder that it has made', async (t) => {
  await using setup = await setUp();
  await using dav = await startDavServer(join(setup.folder, 'nginx'));
  const job = await create(setup, `${dav.url}reports/2026/`);
  const done = await ends(t, setup, job, 'transferred');
  t.like(done, { kind: 'upload', doneBytes: SIZE, sizeBytes: SIZE });
  t.like(done.files[0]?.upload, { name: 'report.bin', protocol: 'put' });
  t.true((await readFile(join(dav.folder, 'reports/2026/report.bin'))).equals(setup.bytes));
  const status = await controlCall(setup.home.socketPath, '/v1/status');
  t.is(JSON.parse(status.text).jobs.sentBytes, SIZE);
  const report = await setup.home.client.complete(job.id);
  t.deepEqual(report, { state: 'acknowledged', released: [setup.path], dropped: [], failures: [] });
  t.true((await readFile(setup.path)).equals(setup.bytes), 'what was sent stays as it is');
});

for (const priority of ['foreground', 'low'] as const) {
  test.serial(`a file arrives at a tus server, with priority ${priority}`, async (t) => {
    await using setup = await setUp();
    const folder = join(setup.folder, 'tus');
    await mkdir(folder);
    await using server = await startUploadServer({ folder });
    const job = await create(setup, server.url, { priority, autoComplete: true });
    const { client } = setup.home;
    await eventually(async () => (await client.list()).every(({ id }) => id !== job.id));
    const [stored] = await server.files();
    t.true(stored?.equals(setup.bytes));
  });
}

test.serial(
  'a file that changed between two attempts is told, and sent as it is when resumed',
  async (t) => {
    await using setup = await setUp();
    const folder = join(setup.folder, 'tus');
    await mkdir(folder);
    let isBroken = true;
    await using server = await startUploadServer({
      folder,
      meddle: (request, response) => {
        if (!isBroken || request.method !== 'PATCH') return false;
        request.resume();
        response.writeHead(503).end();
        return true;
      },
    });
    const job = await create(setup, server.url);
    await ends(t, setup, job, 'transient-error');
    await appendFile(setup.path, 'more');
    isBroken = false;
    await setup.home.client.do('resume', job.id);
    const failed = await ends(t, setup, job, 'error');
    t.is(failed.error?.code, 'LOCAL_FILE_CHANGED');
    await setup.home.client.do('resume', job.id);
    await ends(t, setup, job, 'transferred');
    const changed = await readFile(setup.path);
    const stored = await server.files();
    t.is(stored.length, 1, 'what came of its earlier state is dropped');
    t.true(stored[0]?.equals(changed));
  },
);

test.serial('a job that is cancelled leaves nothing at the server', async (t) => {
  await using setup = await setUp();
  const folder = join(setup.folder, 'tus');
  await mkdir(folder);
  await using server = await startUploadServer({ folder });
  const job = await create(setup, server.url, { limit: MIB });
  const { client } = setup.home;
  await client.until(job.id, ({ doneBytes }) => doneBytes > 0);
  t.is((await server.files()).length, 1);
  await client.cancel(job.id);
  // That server removes the bytes first, and what it knows of them a little later.
  await eventually(async () => (await readdir(folder)).length === 0);
  t.pass();
});

test.serial('a limit holds for what is sent', async (t) => {
  await using setup = await setUp();
  const folder = join(setup.folder, 'tus');
  await mkdir(folder);
  await using server = await startUploadServer({ folder });
  const startedMs = performance.now();
  const job = await create(setup, server.url, { limit: MIB });
  await ends(t, setup, job, 'transferred');
  const seconds = (performance.now() - startedMs) / 1000;
  t.true(seconds > (SIZE / MIB) * 0.8, `${seconds} s`);
});

const LINK = { link: '</replies/1>; rel="reply"' };

test.serial('a reply is awaited, fetched, and given its name with the job', async (t) => {
  await using setup = await setUp();
  await using replies = await startOrigin((request, response) => {
    request.resume();
    if (request.method === 'OPTIONS') response.writeHead(405).end();
    else if (request.method === 'HEAD') response.writeHead(404).end();
    else if (request.method === 'GET') response.end('well received');
    else request.on('end', () => response.writeHead(201, LINK).end());
  });
  const replyPath = join(setup.folder, 'answer.txt');
  const job = await create(setup, '', {
    kind: 'upload-reply',
    files: [{ url: `${replies.url}/in`, path: setup.path, upload: { replyPath } }],
  });
  const done = await ends(t, setup, job, 'transferred');
  t.is(done.fileCount, 2);
  t.is(done.files[1]?.path, replyPath);
  const { socketPath, client } = setup.home;
  const { text } = await controlCall(socketPath, `/v1/jobs/${job.id}/reply`);
  t.is(Buffer.from(JSON.parse(text).base64, 'base64').toString(), 'well received');
  await client.complete(job.id);
  t.is(await readFile(replyPath, 'utf8'), 'well received');
});
