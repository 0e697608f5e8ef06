import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@peer-cache/core';
import type { Finder } from '@peer-cache/discovery';
import { Downloader } from '@peer-cache/download';
import type { JobEvent, JobState } from '@peer-cache/protocol';
import { createMemoryBlockStore } from '@peer-cache/store';
import type { Clock } from '../../src/clock.ts';
import type { JobQueueOptions, JobQueueParts } from '../../src/job-queue-parts.ts';
import { JobQueue } from '../../src/job-queue.ts';
import { isFinal } from '../../src/job-state.ts';
import { openJobTransports } from '../../src/job-transport.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openSqliteJournal } from '../../src/journal/sqlite-journal.ts';
import { openJobSecrets } from '../../src/secrets/job-secrets.ts';

/** A clock that stands still until it is told to go on. */
export class HandClock implements Clock {
  #nowMs = 0;
  #startMs = 0;
  readonly #works = new Set<() => void>();

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  uptimeMs(): number {
    return this.#nowMs - this.#startMs;
  }

  /** The machine starts again. */
  reboot(): void {
    this.#startMs = this.#nowMs;
  }

  every(_intervalMs: number, work: () => void): Disposable {
    this.#works.add(work);
    return { [Symbol.dispose]: () => void this.#works.delete(work) };
  }

  /** Lets so much time pass at once, and then what is done every so often be done. */
  pass(ms: number): void {
    this.#nowMs += ms;
    for (const work of this.#works) work();
  }
}

export interface Office extends AsyncDisposable {
  readonly folder: string;
  readonly clock: HandClock;
  queue: JobQueue;
  path(name: string): string;
  /**
   * Ends the queue as an agent does, and opens another on the same journal: as it is then, or as
   * `between` leaves it.
   */
  restart(between?: (journal: Journal) => void): Promise<void>;
  until(job: string, ...states: readonly JobState[]): Promise<JobState>;
  /** Resolves when the job is no more. */
  gone(job: string): Promise<void>;
  /** Lets what is under way go on. */
  turn(): Promise<void>;
}

const lonelyFinder: Finder = {
  name: 'nobody',
  async *find() {},
  neighbours: () => [],
  async [Symbol.asyncDispose]() {},
};

const OPTIONS: JobQueueOptions = {
  runningAtOnce: 12,
  filesAtOnce: 4,
  inactivityTimeoutMs: 90 * 24 * 3600 * 1000,
  costPolicy: 'always',
  notifyTargets: ['ops'],
  limits: { mostJobs: 60, mostFiles: 200, mostRanges: 500 },
  defaults: {
    minimumRetryDelaySeconds: 600,
    noProgressTimeoutSeconds: 14 * 24 * 3600,
    maximumDownloadSeconds: 90 * 24 * 3600,
  },
};

export interface OfficeParts extends Partial<
  Pick<JobQueueParts, 'fetcher' | 'random' | 'log' | 'secrets'>
> {
  /** Puts something between the queue and its journal. */
  readonly between?: (journal: Journal) => Journal;
}

/** A queue on a real journal, with a real downloader and no peers unless other parts are given. */
export async function openOffice(
  options: Partial<JobQueueOptions> = {},
  { between = (journal) => journal, ...given }: OfficeParts = {},
): Promise<Office> {
  const folder = await mkdtemp(join(tmpdir(), 'peer-cache-jobs-'));
  const clock = new HandClock();
  let downloader: Downloader;
  const open = async (): Promise<JobQueue> => {
    const store = createMemoryBlockStore({}, { limitBytes: 2 ** 26 });
    downloader = new Downloader({ store, finder: lonelyFinder }, { discoveryWaitMs: 0 });
    const secrets = await openJobSecrets({ folder: join(folder, 'secrets') });
    return new JobQueue(
      {
        journal: between(openSqliteJournal(join(folder, 'jobs.db'))),
        fetcher: downloader,
        secrets,
        transports: openJobTransports({ secrets, environment: {} }),
        log: silentLog,
        clock,
        random: () => 0,
        newId: () => randomUUID(),
        ...given,
      },
      { ...OPTIONS, ...options },
    );
  };
  const close = async (queue: JobQueue): Promise<void> => {
    await queue[Symbol.asyncDispose]();
    await downloader[Symbol.asyncDispose]();
  };
  const office: Office = {
    folder,
    clock,
    queue: await open(),
    path: (name) => join(folder, name),
    async restart(change) {
      await close(office.queue);
      if (change !== undefined) {
        using journal = openSqliteJournal(join(folder, 'jobs.db'));
        change(journal);
      }
      clock.reboot();
      office.queue = await open();
    },
    until: (job, ...states) => untilState(office.queue, job, states),
    async gone(job) {
      while (office.queue.list({ limit: 1000 }).jobs.some(({ id }) => id === job)) {
        await office.turn();
      }
    },
    turn: () => new Promise((resolve) => void setImmediate(resolve)),
    async [Symbol.asyncDispose]() {
      await close(office.queue);
      await rm(folder, { recursive: true, force: true });
    },
  };
  return office;
}

/** Resolves when the job is in one of the states, or over. */
async function untilState(
  queue: JobQueue,
  job: string,
  states: readonly JobState[],
): Promise<JobState> {
  const { promise, resolve } = Promise.withResolvers<JobState>();
  queue.onEvent((event) => {
    const state = stateIn(event, job);
    if (state !== undefined && states.includes(state)) resolve(state);
  });
  const found = queue.list({ limit: 1000 }).jobs.find(({ id }) => id === job);
  if (found !== undefined && states.includes(found.state)) resolve(found.state);
  return await promise;
}

function stateIn(event: JobEvent, job: string): JobState | undefined {
  if (event.event === 'job-removed') return event.id === job ? event.state : undefined;
  if (event.event === 'file-moved') return undefined;
  // One that is over is so for certain when it is gone.
  return event.job.id === job && !isFinal(event.job.state) ? event.job.state : undefined;
}

export interface TestOrigin extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  /** Body bytes sent. */
  readonly sentBytes: () => number;
}

export type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A server with ranges and strong ETags, or whatever `answer` does first. */
export async function startOrigin(
  contents: Readonly<Record<string, Buffer>>,
  answer?: (request: IncomingMessage, response: ServerResponse, count: number) => boolean,
): Promise<TestOrigin> {
  const requests: IncomingMessage[] = [];
  let sentBytes = 0;
  const server = createServer((request, response) => {
    requests.push(request);
    if (answer?.(request, response, requests.length - 1) === true) return;
    const bytes = contents[(request.url ?? '').split('?')[0] ?? ''];
    if (bytes === undefined) {
      response.statusCode = 404;
      response.end();
      return;
    }
    sentBytes += sendRange(request, response, bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    sentBytes: () => sentBytes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends what was asked for; gives how many bytes that is. */
export function sendRange(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
): number {
  const etag = `"${bytes.length}-${bytes.subarray(0, 4).toString('hex')}"`;
  response.setHeader('etag', etag);
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const ifRange = request.headers['if-range'];
  if (first === undefined || (ifRange !== undefined && ifRange !== etag)) {
    response.setHeader('content-length', bytes.length);
    response.end(bytes);
    return bytes.length;
  }
  const startByte = Number(first);
  const endByte = last ? Math.min(Number(last) + 1, bytes.length) : bytes.length;
  response.statusCode = 206;
  response.setHeader('content-range', `bytes ${startByte}-${endByte - 1}/${bytes.length}`);
  response.setHeader('content-length', endByte - startByte);
  response.end(bytes.subarray(startByte, endByte));
  return endByte - startByte;
}

/** The same bytes for the same seed. */
export function contentOf(sizeBytes: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  let state = seed;
  for (let at = 0; at + 4 <= sizeBytes; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state | 0, at);
  }
  return bytes;
}
