import { EventEmitter } from 'node:events';
import type {
  BytesBySource,
  CompletionReport,
  JobChanges,
  JobDetails,
  JobEvent,
  JobExplanation,
  JobReply,
  JobFileRequest,
  JobPage,
  JobRequest,
  JobsStatus,
  NetworkCost,
  Retarget,
} from '@peer-cache/protocol';
import { JobEmptyError, JobLimitError, JobNotFoundError } from './errors.ts';
import { eventStream } from './event-stream.ts';
import type { JobEventEmitter } from './event-stream.ts';
import { Checkpoints } from './file/checkpoints.ts';
import type { EventQuery, JobControl, JobQuery } from './job-control.ts';
import { JobDeeds } from './job-deeds.ts';
import { findJob } from './job-names.ts';
import { overviewOf, pageOf } from './job-page.ts';
import type { JobQueueOptions, JobQueueParts } from './job-queue-parts.ts';
import { replyOf } from './job-reply.ts';
import { detailsOf, summaryOf } from './job-reports.ts';
import { checkFiles, checkSettings, retargeted } from './job-requests.ts';
import { isFinal } from './job-state.ts';
import { Job } from './job.ts';
import { isJournalTrouble } from './journal/journal.ts';
import { changed, newFile, newJob, restoredRecords, settingsOf } from './new-records.ts';
import { pacingNow } from './pacing-now.ts';
import type { JobRecord } from './records.ts';
import { Runner } from './runner.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { explain } from './why.ts';

const MOST_ERRORS_SHOWN = 20;

/** The jobs of one user: what can be done with them, and what happens to them by itself. */
export class JobQueue implements JobControl, AsyncDisposable {
  /** Shared with whoever else brings contents here and should have its turn. */
  readonly scheduler: Scheduler;
  readonly #parts: JobQueueParts;
  readonly #jobs = new Map<string, Job>();
  readonly #emitter: JobEventEmitter = new EventEmitter();
  readonly #checkpoints: Checkpoints;
  readonly #runner: Runner;
  readonly #deeds: JobDeeds;
  readonly #moved = { store: 0, peers: 0, origin: 0, sent: 0 };
  #options: JobQueueOptions;
  #lastNumber = 0;

  /** Takes the journal over: its jobs go on where an earlier queue left them. */
  constructor(parts: JobQueueParts, options: JobQueueOptions) {
    const { journal, transports } = parts;
    const scheduler = new Scheduler({}, parts.pacer);
    this.scheduler = scheduler;
    this.#parts = parts;
    this.#options = options;
    this.#emitter.setMaxListeners(0);
    const checkpoints = new Checkpoints((work) => this.#noteProgress(work), parts);
    const openTransport = async (job: Job) => await transports.open(job.record);
    const transact = (work: () => void): void => journal.transact(work);
    const runner = new Runner(
      { ...parts, jobs: this.#jobs, scheduler, checkpoints, openTransport, transact },
      options,
      {
        onTransferred: (job) => void this.#deeds.completeByItself(job),
        onExpired: (job, afterMs) => void this.#deeds.expire(job, { afterMs }),
      },
    );
    this.#checkpoints = checkpoints;
    this.#runner = runner;
    this.#restore();
    this.#deeds = new JobDeeds({ ...parts, jobs: this.#jobs, runner, scheduler, tell: this.#tell });
    for (const job of this.#jobs.values()) void this.#deeds.carryOn(job);
    runner.look();
  }

  async create(request: JobRequest): Promise<JobDetails> {
    const { files: asked = [], secrets, resume = false, kind = 'download' } = request;
    const { journal, clock, newId } = this.#parts;
    const { limits, defaults, notifyTargets } = this.#options;
    const settings = checkSettings(settingsOf(request, defaults), notifyTargets);
    const files = await checkFiles(asked, [], { kind, limits, settings });
    if (resume && files.length === 0) throw new JobEmptyError(settings.name);
    const id = newId();
    // Before the job: one without its secrets would fail for a reason that nobody understands.
    const names = await this.#deeds.keepSecrets(id, secrets);
    const number = this.#lastNumber + 1;
    const facts = { kind, id, number, nowMs: clock.wallMs(), secrets: names };
    const record = newJob(settings, { ...facts, fileCount: files.length });
    const fileRecords = files.map((file, index) => newFile(file, id, index));
    try {
      // Not before: others may have come while the files and the secrets were looked at.
      if (this.#jobs.size >= limits.mostJobs) {
        throw new JobLimitError('jobs', limits.mostJobs, 'jobs.most_jobs');
      }
      journal.insertJob(record, fileRecords);
    } catch (error) {
      await this.#parts.secrets.remove(id);
      throw error;
    }
    this.#lastNumber = number;
    const job = this.#add(record);
    this.#tell({ event: 'job-created', job: summaryOf(job) });
    if (resume) this.#deeds.resume(job);
    return this.#detailsOf(job);
  }

  list(query?: JobQuery): JobPage {
    return pageOf(this.#jobs.values(), query);
  }

  details(name: string): JobDetails {
    return this.#detailsOf(findJob(this.#jobs, name));
  }

  why(name: string): JobExplanation {
    const { pacer, clock } = this.#parts;
    const job = findJob(this.#jobs, name);
    return explain(job, {
      network: this.#runner.network,
      running: this.#runner.runningJobs(),
      nowMs: clock.wallMs(),
      ...pacingNow(job, pacer),
    });
  }

  /** What is known of a job but for its files; undefined for one that is over. */
  recordOf(id: string): JobRecord | undefined {
    return this.#jobs.get(id)?.record;
  }

  /** How many jobs are in each state, and those that run. */
  overview(): JobsStatus {
    return overviewOf(this.#jobs.values(), this.#runner.runningJobs(), this.#moved.sent);
  }

  /** Content bytes that jobs received since this queue began. */
  received(): BytesBySource {
    const { store, peers, origin } = this.#moved;
    return { store, peers, origin };
  }

  async addFiles(name: string, asked: readonly JobFileRequest[]): Promise<JobDetails> {
    return await this.#do(name, async (job) => {
      this.#deeds.check(job, 'files-added');
      const { limits } = this.#options;
      const files = await checkFiles(asked, job.files, { ...job.record, limits });
      const { fileCount: first } = job.record;
      job.addFiles(files.map((file, index) => newFile(file, job.id, first + index)));
      this.#runner.look();
    });
  }

  async set(name: string, { secrets, ...settings }: JobChanges): Promise<JobDetails> {
    return await this.#do(name, async (job) => {
      const before = job.record.settings;
      const next = checkSettings(changed(before, settings), this.#options.notifyTargets);
      const isSecret = secrets !== undefined;
      const names = isSecret ? await this.#deeds.keepSecrets(job.id, secrets) : job.record.secrets;
      job.change({ settings: next, secrets: names });
      if (next.sharing !== before.sharing) await this.#deeds.rerun(job, 'sharing-changed');
      const isSecurityChanged = isSecret || settings.transport !== undefined;
      if (isSecurityChanged) await this.#deeds.rerun(job, 'security-changed');
      this.#runner.reprioritize(job);
      // In a turn of its own, after this one.
      if (next.autoComplete && job.state === 'transferred') void this.#deeds.completeByItself(job);
    });
  }

  async suspend(name: string): Promise<JobDetails> {
    return await this.#do(name, (job) => this.#deeds.suspend(job));
  }

  async resume(name: string): Promise<JobDetails> {
    return await this.#do(name, (job) => this.#deeds.resume(job));
  }

  async complete(name: string): Promise<CompletionReport> {
    return await this.#inTurn(name, (job) => this.#deeds.complete(job));
  }

  async cancel(name: string): Promise<JobDetails> {
    return await this.#inTurn(name, async (job) => {
      const details = this.#detailsOf(job);
      await this.#deeds.remove(job, 'cancelled');
      return { ...details, state: job.state };
    });
  }

  async retarget(name: string, retarget: Retarget): Promise<JobDetails> {
    return await this.#do(name, async (job) => {
      this.#deeds.check(job, 'files-added');
      await this.#deeds.retarget(job, retargeted(job.files, retarget));
    });
  }

  async reply(name: string): Promise<JobReply> {
    return await this.#inTurn(name, replyOf);
  }

  async *events({ job: name, signal }: EventQuery): AsyncGenerator<JobEvent> {
    const id = name === undefined ? undefined : findJob(this.#jobs, name).id;
    yield* eventStream(this.#emitter, { id, signal });
  }

  /** Calls back with all that happens, at once. */
  onEvent(listener: (event: JobEvent) => void): void {
    this.#emitter.on('event', listener);
  }

  /** The network went, came, or is another one. */
  networkChanged({ isOnline }: { readonly isOnline: boolean }): void {
    this.#runner.setOnline(isOnline);
  }

  /** What the network that is used costs is known, or is something else. */
  costChanged(cost: NetworkCost): void {
    this.#runner.setCost(cost);
  }

  reconfigure(options: JobQueueOptions): void {
    this.#options = options;
    this.#runner.reconfigure(options);
  }

  /** Stops what runs, keeps what came; the jobs go on with the next queue on this journal. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runner[Symbol.asyncDispose]();
    await this.#deeds.settled();
    await this.#checkpoints[Symbol.asyncDispose]();
    await this.#parts.transports[Symbol.asyncDispose]();
    using journal = this.#parts.journal;
    try {
      journal.transact(() => {
        for (const job of this.#jobs.values()) if (!isFinal(job.state)) job.saveCounters();
      });
    } catch (error) {
      // Counters and timers are as they were saved last.
      if (!isJournalTrouble(error)) throw error;
      this.#parts.log.warn({ err: error }, 'the last of the jobs could not be journaled');
    }
  }

  #restore(): void {
    for (const record of restoredRecords(this.#parts)) {
      this.#add(record);
      this.#lastNumber = Math.max(this.#lastNumber, record.number);
    }
  }

  #add(record: JobRecord): Job {
    const { journal, clock } = this.#parts;
    const job = new Job({ journal, clock, tell: this.#tell, count: this.#count }, record);
    this.#jobs.set(record.id, job);
    return job;
  }

  async #do(name: string, deed: (job: Job) => Promise<void> | void): Promise<JobDetails> {
    return await this.#inTurn(name, async (job) => {
      await deed(job);
      return this.#detailsOf(job);
    });
  }

  async #inTurn<T>(name: string, deed: (job: Job) => Promise<T>): Promise<T> {
    const job = findJob(this.#jobs, name);
    return await this.#deeds.inTurn(job, async () => {
      // What was done before may have been the end of it.
      if (!this.#jobs.has(job.id)) throw new JobNotFoundError(name);
      return await deed(job);
    });
  }

  #detailsOf(job: Job): JobDetails {
    return detailsOf(job, this.#parts.journal.errors(job.id, MOST_ERRORS_SHOWN));
  }

  /** With the progress of files, the counters of the jobs that they are of. */
  #noteProgress(work: () => void): void {
    this.#parts.journal.transact(() => {
      work();
      for (const job of this.#runner.runningJobs()) job.saveCounters();
    });
  }

  readonly #count = (kind: keyof BytesBySource | 'sent', bytes: number): void => {
    this.#moved[kind] += bytes;
  };

  readonly #tell = (event: JobEvent): void => {
    this.#emitter.emit('event', event);
  };
}
