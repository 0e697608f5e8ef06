import type { Log } from '@peer-cache/core';
import type { CompletionReport, JobEvent, JobSecrets, SecretNames } from '@peer-cache/protocol';
import { abandonUploads } from './abandon-uploads.ts';
import type { Clock } from './clock.ts';
import { completeJob, dropFiles } from './completion.ts';
import { JobEmptyError, JobStateError } from './errors.ts';
import { jobErrorOf } from './job-error.ts';
import type { NewTarget } from './job-requests.ts';
import { eventOfResume, isActive, isFileDone, isFinal, nextState } from './job-state.ts';
import type { JobEventName } from './job-state.ts';
import type { JobTransports } from './job-transport.ts';
import type { Job } from './job.ts';
import type { Journal } from './journal/journal.ts';
import type { Runner } from './runner.ts';
import type { Scheduler } from './scheduler/scheduler.ts';
import type { JobSecretStore } from './secrets/job-secrets.ts';
import { namesOf } from './secrets/secret-checks.ts';
import { onRequeued, onResumed } from './timers.ts';

export interface JobDeedsParts {
  readonly jobs: Map<string, Job>;
  readonly journal: Journal;
  readonly runner: Runner;
  readonly scheduler: Scheduler;
  readonly secrets: JobSecretStore;
  readonly transports: JobTransports;
  readonly clock: Clock;
  readonly log: Log;
  readonly tell: (event: JobEvent) => void;
}

/** What is done to one job, by a person or by itself. */
export class JobDeeds {
  readonly #parts: JobDeedsParts;
  /** What is done to one job is done one after the other. */
  readonly #turns = new WeakMap<Job, Promise<unknown>>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #secretsSwept: Promise<void>;

  constructor(parts: JobDeedsParts) {
    this.#parts = parts;
    this.#secretsSwept = this.#dropLostSecrets(new Set(parts.jobs.keys()));
  }

  /** Resolves when nothing is being done to any job. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  /** Does something to a job when all that was begun for it before is done. */
  async inTurn<T>(job: Job, deed: () => Promise<T> | T): Promise<T> {
    const before = this.#turns.get(job) ?? Promise.resolve();
    const result = before.then(deed, deed).finally(() => this.#underWay.delete(result));
    this.#turns.set(job, result);
    this.#underWay.add(result);
    return await result;
  }

  /** @throws {JobStateError} where the job's state does not allow the event */
  check(job: Job, event: JobEventName): void {
    if (nextState(job.state, event) === undefined) {
      const wanted = event === 'files-added' ? 'be given files' : `be ${event}`;
      throw new JobStateError(job.id, job.state, wanted);
    }
  }

  /**
   * Keeps what is given beside what there is; gives the names of all.
   *
   * @throws {JobRequestError | SecretsLostError | SecretsUnwritableError}
   */
  async keepSecrets(jobId: string, secrets: JobSecrets | undefined): Promise<SecretNames> {
    if (secrets === undefined) return namesOf({});
    // A new job's would else look like those of one that never came to be.
    await this.#secretsSwept;
    return await this.#parts.secrets.update(jobId, secrets);
  }

  async suspend(job: Job): Promise<void> {
    this.check(job, 'suspended');
    if (job.state !== 'suspended') job.move('suspended', { timers: onRequeued(job.timers) });
    await this.#parts.runner.halt(job);
  }

  /** Lets the job run, with all that failed; one that is transferred, only with files left. */
  resume(job: Job): void {
    this.check(job, 'resumed');
    const files = job.files;
    const unfinished = files.filter(({ state }) => state === 'waiting' || state === 'failed');
    const counts = { fileCount: files.length, unfinishedCount: unfinished.length };
    const event = eventOfResume(job.state, counts);
    if (event === 'empty') throw new JobEmptyError(job.id);
    if (event === 'nothing-left') throw new JobStateError(job.id, job.state, 'be resumed');
    if (isActive(job.state)) return;
    this.#parts.journal.transact(() => {
      for (const { index, state } of unfinished) {
        if (state === 'failed') job.ledger(index).save({ state: 'waiting', error: undefined });
      }
      job.move('resumed', { timers: onResumed(), isCompleting: false });
    });
    this.#parts.runner.look();
  }

  /** Ends a run that goes by what has changed; the job is queued again. */
  async rerun(job: Job, event: JobEventName): Promise<void> {
    if (!isActive(job.state)) return;
    // From `queued` there is nothing to end.
    if (job.state !== 'queued') job.drift(event);
    await this.#parts.runner.halt(job);
    this.#parts.runner.look();
  }

  /** Files get other URLs; what is here of the same content stays (JOB-15). */
  async retarget(job: Job, targets: readonly NewTarget[]): Promise<void> {
    const { runner, journal } = this.#parts;
    await runner.whileHalted(job, () => {
      journal.transact(() => {
        for (const { index, url } of targets) {
          const ledger = job.ledger(index);
          const { state, upload } = ledger.record;
          // Another server knows nothing of what was sent to the one before.
          const anew = upload === undefined ? {} : { version: undefined, doneBytes: 0 };
          ledger.save(
            isFileDone(state) ? { url } : { url, state: 'waiting', error: undefined, ...anew },
          );
        }
      });
      job.change({});
    });
    // What kept it from going on is mended, as far as anybody knows.
    if (job.state === 'transient-error') this.resume(job);
  }

  async complete(job: Job): Promise<CompletionReport> {
    const { runner, clock, log } = this.#parts;
    return await runner.whileHalted(job, async () => {
      try {
        const report = await completeJob(job, { log, wallMs: () => clock.wallMs() });
        if (isFinal(job.state)) await this.#forget(job);
        return report;
      } finally {
        job.rest();
      }
    });
  }

  /** Completion without a person: at `autoComplete`, and where a crash cut one short. */
  async completeByItself(job: Job): Promise<void> {
    await this.#byItself(job, async () => {
      if (!isToComplete(job)) return;
      const { failures } = await this.complete(job);
      const { log } = this.#parts;
      if (failures.length > 0) log.warn({ jobId: job.id, failures }, 'job could not be completed');
    });
  }

  /** Deletes a job to which nothing happened for so long (T-24). */
  async expire(job: Job, { afterMs }: { readonly afterMs: number }): Promise<void> {
    await this.#byItself(job, async () => {
      if (isFinal(job.state) || job.timers.inactiveMs < afterMs) return;
      this.#parts.log.warn({ jobId: job.id }, 'job deleted: nothing happened to it for too long');
      await this.remove(job, 'inactivity-timeout');
    });
  }

  /** Deletes the job and what it has brought, but for files that have their names. */
  async remove(job: Job, event: 'cancelled' | 'inactivity-timeout'): Promise<void> {
    // One that is over and still here could not be forgotten before.
    if (!isFinal(job.state)) {
      this.check(job, event);
      job.move(event);
    }
    await this.#parts.runner.halt(job);
    const left = job.files.filter(({ state }) => state !== 'released');
    await dropFiles(left, this.#parts.log);
    // While the job's secrets are there.
    await abandonUploads(job.record, left, this.#parts);
    await this.#forget(job);
  }

  /** Carries on what an earlier agent was in the middle of. */
  async carryOn(job: Job): Promise<void> {
    if (isFinal(job.state)) await this.#byItself(job, () => this.remove(job, 'cancelled'));
    else if (isToComplete(job)) await this.completeByItself(job);
  }

  /** In its turn, with nobody to tell of an error but the log and the job itself. */
  async #byItself(job: Job, deed: () => Promise<void>): Promise<void> {
    try {
      await this.inTurn(job, deed);
    } catch (error) {
      const { log, clock } = this.#parts;
      log.error({ err: error, jobId: job.id }, 'what a job does by itself failed');
      if (!isFinal(job.state)) job.noteError(jobErrorOf(error, { atMs: clock.wallMs() }));
    }
  }

  /** A job that is over leaves nothing behind. */
  async #forget(job: Job): Promise<void> {
    const { jobs, journal, scheduler, secrets, log, tell } = this.#parts;
    try {
      await secrets.remove(job.id);
    } catch (error) {
      log.warn({ err: error, jobId: job.id }, 'secrets stay until the next start');
    }
    journal.removeJob(job.id);
    jobs.delete(job.id);
    scheduler.forget(job.id);
    tell({ event: 'job-removed', id: job.id, state: job.state });
  }

  /** Those of jobs that are no more, or never came to be. */
  async #dropLostSecrets(wanted: ReadonlySet<string>): Promise<void> {
    const { secrets, log } = this.#parts;
    try {
      await secrets.keepOnly(wanted);
    } catch (error) {
      log.warn({ err: error }, 'secrets that nobody needs could not be removed');
    }
  }
}

/** Whether the job gets its files' names without a person, now. */
function isToComplete(job: Job): boolean {
  const { isCompleting, settings, error } = job.record;
  if (isFinal(job.state)) return false;
  if (isCompleting) return true;
  // What was in the way once is for a person to look at.
  if (job.state !== 'transferred' || !settings.autoComplete || error !== undefined) return false;
  return job.files.every(({ state }) => isFileDone(state));
}
