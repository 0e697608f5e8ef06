import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MIB } from '@peer-cache/core';
import type { JobDetails, JobRequest } from '@peer-cache/protocol';
import { AgentHome } from './agent-process.ts';
import { startFlakyOrigin } from './flaky-origin.ts';
import type { FlakyOrigin, OriginContent } from './flaky-origin.ts';
import { contentOf, temporaryFolder } from './parts.ts';
import { SentLog } from './sent-log.ts';

/** How fast each answer of the origin comes: slow enough for something to happen meanwhile. */
const BYTES_PER_SECOND = 4 * MIB;

/** A user, an origin on loopback, and contents to be had from it. */
export interface JobSetup extends AsyncDisposable {
  readonly home: AgentHome;
  readonly folder: string;
  readonly sent: SentLog;
  /** The origin goes; it comes back, at the same address, when it is started again. */
  stopOrigin(): Promise<void>;
  startOrigin(): Promise<void>;
  /** A job of one file, resumed. */
  createJob(content: string, request?: Partial<JobRequest>): Promise<JobDetails>;
  /** Waits for the job's bytes, completes it, and says whether they are right. */
  finish(job: JobDetails): Promise<boolean>;
}

/**
 * Sets up what jobs need but for the agent, which tests start as they need it. `sizes` are those of
 * the contents, by their names.
 */
export async function setUpJobs(sizes: Readonly<Record<string, number>>): Promise<JobSetup> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(await temporaryFolder());
  const downloads = join(folder, 'downloads');
  await mkdir(downloads);
  const home = await AgentHome.create(folder);
  const sent = new SentLog();
  const contents = new Map(
    Object.entries(sizes).map(([name, size], at) => [
      name,
      { bytes: contentOf(size, at + 1), etag: `"${name}"` },
    ]),
  );
  const start = async (port = 0): Promise<FlakyOrigin> =>
    await startFlakyOrigin({ contents, sent }, { port, bytesPerSecond: BYTES_PER_SECOND });
  let origin = await start();
  stack.defer(async () => await origin[Symbol.asyncDispose]());
  const { url, port } = origin;
  const moved = stack.move();
  return {
    home,
    folder,
    sent,
    stopOrigin: async () => await origin[Symbol.asyncDispose](),
    async startOrigin() {
      origin = await start(port);
    },
    async createJob(name, request = {}) {
      const files = [{ url: `${url}/${name}`, path: join(downloads, name) }];
      return await home.client.create({ name, files, resume: true, ...request });
    },
    finish: async (job) => await finishJob(home, job, contents),
    [Symbol.asyncDispose]: async () => await moved.disposeAsync(),
  };
}

async function finishJob(
  { client }: AgentHome,
  { id, name, files }: JobDetails,
  contents: ReadonlyMap<string, OriginContent>,
): Promise<boolean> {
  await client.until(id, ({ state }) => state === 'transferred');
  const { state } = await client.complete(id);
  const bytes = await readFile(files[0]?.path ?? '');
  return state === 'acknowledged' && bytes.equals(contents.get(name)?.bytes ?? Buffer.of());
}
