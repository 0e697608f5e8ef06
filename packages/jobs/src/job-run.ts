import type { Turn } from '@peer-cache/bandwidth';
import { PeerCacheError, asError } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import { Progress } from '@peer-cache/download';
import type { OriginHttp } from '@peer-cache/transport';
import { UploadProgress, UploadServers } from '@peer-cache/upload';
import type { Clock } from './clock.ts';
import type { Checkpoints } from './file/checkpoints.ts';
import type { ContentFetcher } from './file/file-transfer.ts';
import { transferFile } from './file/file-transfer.ts';
import { sendFile } from './file/file-upload.ts';
import { jobErrorOf, retryAfterMsOf } from './job-error.ts';
import type { JobTransport } from './job-transport.ts';
import type { Job } from './job.ts';
import type { FileRecord } from './records.ts';

/** As in BITS (TM-05): observers hear of progress no more often. */
const PROGRESS_INTERVAL_MS = 500;

export interface JobRunParts {
  readonly job: Job;
  readonly fetcher: ContentFetcher;
  readonly checkpoints: Checkpoints;
  readonly turn: Turn;
  /** Opens the job's own way to its origins. */
  readonly openTransport: () => Promise<JobTransport>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface JobRunOptions {
  /** Files of the job that come at the same time. */
  readonly filesAtOnce: number;
  /** The first answer of an origin has come. */
  readonly onConnected: () => void;
}

/** What a run ended with, beside what its files say. */
export interface RunEnd {
  /** What went wrong with the run as a whole. */
  readonly failure: Error | undefined;
  /** The longest that an origin wants to be left alone. */
  readonly retryAfterMs: number | undefined;
}

/**
 * A job while it runs: its files that wait are transferred, several at once, and one that fails
 * does not stop the others. Ends when none is left that could be tried now.
 */
export class JobRun {
  /** Never rejects. */
  readonly ended: Promise<RunEnd>;
  readonly #parts: JobRunParts;
  readonly #options: JobRunOptions;
  readonly #leave = new AbortController();
  readonly #stop = new AbortController();
  readonly #taken = new Set<number>();
  readonly #servers = new UploadServers();
  #retryAfterMs: number | undefined;
  #failure: Error | undefined;

  constructor(parts: JobRunParts, options: JobRunOptions) {
    this.#parts = parts;
    this.#options = options;
    this.ended = this.#run();
  }

  /** Whether it was told to end before its files are done. */
  get isLeaving(): boolean {
    return this.#leave.signal.aborted || this.#stop.signal.aborted;
  }

  /** Ends the run at the next block's edge, for something more urgent. */
  leave(): void {
    this.#leave.abort(new Error('the job leaves its turn to others'));
  }

  /** Ends the run at once. */
  stop(): void {
    this.#leave.abort(new Error('the job was stopped'));
    this.#stop.abort(new Error('the job was stopped'));
  }

  async #run(): Promise<RunEnd> {
    const { filesAtOnce } = this.#options;
    try {
      await using transport = await this.#parts.openTransport();
      const workers = Array.from({ length: filesAtOnce }, () => this.#work(transport.http));
      await Promise.all(workers);
    } catch (error) {
      this.#failure ??= asError(error);
    }
    return { failure: this.#failure, retryAfterMs: this.#retryAfterMs };
  }

  /** One of those who take files: the next that waits, until none does. */
  async #work(http: OriginHttp): Promise<void> {
    // Files that are added meanwhile are taken too.
    for (let file = this.#next(); file !== undefined; file = this.#next()) {
      this.#taken.add(file.index);
      await this.#transfer(file, http);
    }
  }

  #next(): FileRecord | undefined {
    if (this.isLeaving) return undefined;
    const { files } = this.#parts.job;
    return files.find(({ index, state }) => state === 'waiting' && !this.#taken.has(index));
  }

  async #transfer({ index, url, upload }: FileRecord, http: OriginHttp): Promise<void> {
    const { job, clock } = this.#parts;
    try {
      if (upload === undefined) await this.#bring(index, http);
      else await this.#send(index, http);
    } catch (error) {
      if (!this.#isLeft(error)) this.#failed(index, url, error, clock.wallMs());
    } finally {
      job.ended(index);
    }
  }

  async #bring(index: number, http: OriginHttp): Promise<void> {
    const { job, fetcher, checkpoints } = this.#parts;
    const progress = this.#progressOf(index);
    const ledger = job.ledger(index);
    job.began(index, progress);
    const { sharing: isShared } = job.record.settings;
    const options = { ...this.#way(http), progress, isShared };
    await transferFile({ fetcher, ledger, checkpoints }, options);
  }

  async #send(index: number, http: OriginHttp): Promise<void> {
    const { job } = this.#parts;
    const progress = this.#sendingOf(index);
    const ledger = job.ledger(index);
    job.began(index, progress);
    const { kind } = job.record;
    const awaitReply = (url: string, changes: Partial<FileRecord>): void => {
      job.addReply(index, url, changes);
    };
    const options = { ...this.#way(http), servers: this.#servers, kind, progress };
    await sendFile({ ledger, awaitReply }, options);
  }

  #way(http: OriginHttp) {
    const { turn } = this.#parts;
    return { turn, http, signal: this.#stop.signal, leave: this.#leave.signal };
  }

  #sendingOf(index: number): UploadProgress {
    const { job, log } = this.#parts;
    const progress = new UploadProgress();
    progress.on('upload-begun', () => this.#options.onConnected());
    progress.on('bytes-sent', ({ bytes }) => job.sent(bytes, PROGRESS_INTERVAL_MS));
    progress.on('bytes-confirmed', () => job.advanced());
    progress.on('origin-answered', ({ headers }) => {
      job.noteFile(index, { responseHeaders: headers });
    });
    progress.on('upload-warned', ({ code, message }) => {
      log.warn({ jobId: job.id, fileIndex: index, code, message }, 'file warned');
    });
    return progress;
  }

  #progressOf(index: number): Progress {
    const { job, log } = this.#parts;
    const progress = new Progress();
    progress.on('content-described', ({ sizeBytes }) => {
      this.#options.onConnected();
      job.noteFile(index, { sizeBytes });
    });
    progress.on('bytes-received', ({ kind, bytes }) => {
      job.received(kind === 'peer' ? 'peers' : kind, bytes, PROGRESS_INTERVAL_MS);
    });
    progress.on('origin-answered', ({ headers }) => {
      job.noteFile(index, { responseHeaders: headers });
    });
    progress.on('download-warned', ({ code, message }) => {
      log.warn({ jobId: job.id, fileIndex: index, code, message }, 'file warned');
    });
    return progress;
  }

  /** Whether it only ended because it was told to. */
  #isLeft(error: unknown): boolean {
    if (!this.isLeaving) return false;
    return this.#stop.signal.aborted || codeOf(error) === 'TRANSFER_LEFT';
  }

  #failed(fileIndex: number, url: string, thrown: unknown, atMs: number): void {
    const { job, log } = this.#parts;
    const error = jobErrorOf(thrown, { atMs, fileIndex, url });
    const retryAfterMs = retryAfterMsOf(thrown) ?? 0;
    if (retryAfterMs > (this.#retryAfterMs ?? 0)) this.#retryAfterMs = retryAfterMs;
    const { code, message } = error;
    log.warn({ jobId: job.id, fileIndex, code, message }, 'file failed');
    if (codeOf(thrown) === undefined) log.error({ err: thrown, jobId: job.id }, 'unexpected error');
    try {
      job.ledger(fileIndex).save({ state: 'failed', error });
      job.noteError(error);
    } catch (journalError) {
      // The journal's disk may be the full one: the job is tried again later.
      this.#failure ??= asError(journalError);
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof PeerCacheError ? error.code : undefined;
}
