import { SECOND_MS } from '@peer-cache/core';
import type { JobError, NetworkCost } from '@peer-cache/protocol';
import { candidatesOf } from './candidates.ts';
import { jobErrorOf } from './job-error.ts';
import { errorOfTime, moveOfFailure, worstError } from './job-failure.ts';
import { JobRun } from './job-run.ts';
import type { RunEnd } from './job-run.ts';
import { isActive, isRunning } from './job-state.ts';
import type { Job } from './job.ts';
import { isJournalTrouble } from './journal/journal.ts';
import { isBlockedByCost, obstacleTo } from './obstacles.ts';
import type { NetworkNow, Obstacle } from './obstacles.ts';
import type { RunnerEvents, RunnerOptions, RunnerParts } from './runner-parts.ts';
import { chooseRunning } from './scheduler/admission.ts';
import type { Seat } from './scheduler/seat.ts';
import { dueEvent, onBlocked, onRequeued } from './timers.ts';

const TICK_MS = 1 * SECOND_MS;
/** Inactive jobs are looked for once in so many ticks: it takes months to be one. */
const TICKS_PER_SWEEP = 60;
/** A person waits for each of these; more would only slow each other down. */
const MOST_FOREGROUND = 32;

interface Running {
  readonly run: JobRun;
  readonly seat: Seat;
}

/** Lets jobs run: the most urgent first, as many as may at once, each until its end or its error. */
export class Runner implements AsyncDisposable {
  readonly #parts: RunnerParts;
  readonly #events: RunnerEvents;
  readonly #running = new Map<string, Running>();
  /** Jobs that must not run now. */
  readonly #held = new Set<string>();
  readonly #ticker: Disposable;
  #options: RunnerOptions;
  #isOnline = true;
  /** As BITS has it, until more is known. */
  #cost: NetworkCost = 'unrestricted';
  #ticks = 0;
  #willLook = false;
  #isClosed = false;

  constructor(parts: RunnerParts, options: RunnerOptions, events: RunnerEvents) {
    this.#parts = parts;
    this.#options = options;
    this.#events = events;
    this.#ticker = parts.clock.every(TICK_MS, () => this.tick());
  }

  get network(): NetworkNow {
    const { costPolicy } = this.#options;
    return { isOnline: this.#isOnline, cost: this.#cost, costPolicy };
  }

  runningJobs(): Job[] {
    const { jobs } = this.#parts;
    return [...this.#running.keys()].flatMap((id) => jobs.get(id) ?? []);
  }

  reconfigure(options: RunnerOptions): void {
    this.#options = options;
    this.look();
  }

  /** Something changed: who should run is found out anew, soon and once for many changes. */
  look(): void {
    if (this.#willLook || this.#isClosed) return;
    this.#willLook = true;
    queueMicrotask(() => {
      this.#willLook = false;
      if (!this.#isClosed) this.#look();
    });
  }

  /** Ends the job's run at once, if it has one; what is on the disk by then is kept. */
  async halt(job: Job): Promise<void> {
    const running = this.#running.get(job.id);
    running?.run.stop();
    await running?.run.ended;
  }

  /** Does something during which the job must not run; a run that it has is ended first. */
  async whileHalted<T>(job: Job, work: () => Promise<T> | T): Promise<T> {
    this.#held.add(job.id);
    try {
      await this.halt(job);
      return await work();
    } finally {
      this.#held.delete(job.id);
      this.look();
    }
  }

  /** The job's priority was changed. */
  reprioritize(job: Job): void {
    this.#running.get(job.id)?.seat.setPriority(job.record.settings.priority);
    this.look();
  }

  /** The network went or came, or is another one: whatever failed is worth another try (T-11, T-13). */
  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline;
    this.#together(() => {
      for (const job of this.#parts.jobs.values()) {
        // Another network may cost as much as the one before: that is looked at below.
        const isWorthATry = job.state === 'transient-error' && !isBlockedByCost(job);
        if (isOnline && isWorthATry) {
          job.drift('network-back', { timers: onRequeued(job.timers) });
        }
      }
      this.#obstructAll();
    });
    this.look();
  }

  /** What the network costs changed: some jobs may not use it any more, others may again (T-14). */
  setCost(cost: NetworkCost): void {
    this.#cost = cost;
    this.#together(() => this.#obstructAll());
    this.look();
  }

  /** What time has done to jobs. */
  tick(): void {
    this.#ticks++;
    const isSweep = this.#ticks % TICKS_PER_SWEEP === 0;
    this.#together(() => {
      for (const job of this.#parts.jobs.values()) {
        if (isSweep || isRunning(job.state) || job.state === 'transient-error') this.#due(job);
      }
    });
    // Jobs that wait while others run get their turn (SCH-04).
    if (this.#running.size > 0) this.look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#ticker[Symbol.dispose]();
    const running = [...this.#running.values()];
    for (const { run } of running) run.stop();
    await Promise.all(running.map(({ run }) => run.ended));
  }

  #look(): void {
    const { jobs, scheduler } = this.#parts;
    this.#obstructAll();
    const background = this.#options.runningAtOnce;
    const candidates = candidatesOf(this.#free(), {
      isRunning: (id) => this.#running.get(id)?.run.isLeaving === false,
      serviceOf: (id) => scheduler.serviceOf(id),
      places: Math.max(background, MOST_FOREGROUND),
    });
    const limits = { background, foreground: MOST_FOREGROUND };
    const chosen = new Set(chooseRunning(candidates, limits));
    for (const [id, { run }] of this.#running) if (!chosen.has(id)) run.leave();
    for (const id of chosen) {
      const job = jobs.get(id);
      if (job !== undefined && !this.#running.has(id)) this.#start(job);
    }
  }

  *#free(): Generator<Job> {
    for (const job of this.#parts.jobs.values()) if (!this.#held.has(job.id)) yield job;
  }

  #start(job: Job): void {
    const { fetcher, checkpoints, openTransport, clock, log, scheduler } = this.#parts;
    job.work();
    for (const { index, state, error } of job.files) {
      if (state === 'failed' && error?.transient === true) {
        job.noteFile(index, { state: 'waiting', error: undefined });
      }
    }
    // A completion that was cut short is not carried on by a job that went on instead.
    job.drift('picked', { isCompleting: false });
    const turn = scheduler.enter(job.id, job.record.settings.priority, {
      limitOf: () => job.record.settings.limit,
    });
    // Until its first request it has nothing to ask for, and holds nobody back.
    turn.isWaiting = true;
    const open = async () => await openTransport(job);
    const parts = { job, fetcher, checkpoints, turn, clock, log, openTransport: open };
    const onConnected = (): void => {
      if (job.state === 'connecting') job.drift('connected');
    };
    const run = new JobRun(parts, { filesAtOnce: this.#options.filesAtOnce, onConnected });
    this.#running.set(job.id, { run, seat: turn });
    void this.#outlive(job, { run, seat: turn });
  }

  async #outlive(job: Job, { run, seat }: Running): Promise<void> {
    const end = await run.ended;
    this.#running.delete(job.id);
    seat[Symbol.dispose]();
    this.#conclude(job, run, end);
    if (!isActive(job.state)) this.#parts.scheduler.forget(job.id);
    job.rest();
    this.look();
  }

  /** What a run's end is to its job. */
  #conclude(job: Job, run: JobRun, { failure, retryAfterMs }: RunEnd): void {
    // Somebody suspended, completed or cancelled it meanwhile.
    if (!isRunning(job.state)) return;
    const failed = job.files.filter(({ state }) => state === 'failed');
    if (failure !== undefined) {
      const error = this.#errorOf(failure);
      this.#fail(job, error, retryAfterMs);
      return job.noteError(error);
    }
    if (run.isLeaving || job.files.some(({ state }) => state === 'waiting')) {
      return job.drift('preempted');
    }
    const error = worstError(failed);
    if (error !== undefined) return this.#fail(job, error, retryAfterMs);
    if (job.state === 'connecting') job.drift('connected');
    job.drift('all-transferred', { transferredMs: this.#parts.clock.wallMs() });
    // The next queue on this journal sees to it otherwise.
    if (!this.#isClosed) this.#events.onTransferred(job);
  }

  #fail(job: Job, error: JobError, retryAfterMs: number | undefined): void {
    const random = this.#parts.random();
    const { event, timers } = moveOfFailure(job, error, { retryAfterMs, random });
    job.drift(event, { error, timers });
  }

  /** Jobs that the network as it is keeps from running wait for another; others wait no longer. */
  #obstructAll(): void {
    const { network } = this;
    for (const job of this.#parts.jobs.values()) {
      const isBlocked = isBlockedByCost(job);
      if (!isBlocked && !isActive(job.state)) continue;
      const obstacle = obstacleTo(job, network);
      if (!isBlocked && obstacle !== undefined) this.#obstruct(job, obstacle);
      if (isBlocked && obstacle === undefined) {
        job.drift('allowed-by-policy', { timers: onRequeued(job.timers) });
      }
    }
  }

  #obstruct(job: Job, { event, error: cause, isNoted }: Obstacle): void {
    const error = this.#errorOf(cause);
    const isCutOff = isRunning(job.state);
    job.drift(event, { error, timers: onBlocked(job.timers) });
    if (!isCutOff) return;
    if (isNoted) job.noteError(error);
    void this.halt(job);
  }

  #due(job: Job): void {
    const { settings } = job.record;
    const { state, timers } = job;
    const { inactivityTimeoutMs } = this.#options;
    const uptimeMs = this.#parts.clock.uptimeMs();
    const event = dueEvent(timers, settings, { state, inactivityTimeoutMs, uptimeMs });
    if (event === undefined) return;
    if (event === 'inactivity-timeout') return this.#events.onExpired(job, inactivityTimeoutMs);
    if (event === 'retry-due') job.drift(event, { timers: onRequeued(timers) });
    else {
      const error = this.#errorOf(errorOfTime(event, job.record));
      job.drift(event, { error });
      job.noteError(error);
      void this.halt(job);
    }
    this.look();
  }

  /** Where the journal can't be written to, memory alone knows of it; see `Job.drift`. */
  #together(work: () => void): void {
    let isBegun = false;
    try {
      this.#parts.transact(() => {
        isBegun = true;
        work();
      });
    } catch (error) {
      if (!isJournalTrouble(error)) throw error;
      this.#parts.log.error({ err: error }, 'what time did to jobs could not be journaled');
      if (!isBegun) work();
    }
  }

  #errorOf(error: Error): JobError {
    return jobErrorOf(error, { atMs: this.#parts.clock.wallMs() });
  }
}
