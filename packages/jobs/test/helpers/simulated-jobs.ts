import type { TurnUse } from '@peer-cache/bandwidth';
import { BLOCK_BYTES } from '@peer-cache/core';
import type { JobPriority } from '@peer-cache/protocol';
import { randomFrom } from '../../../bandwidth/test/helpers/seeded-random.ts';
import { chooseRunning } from '../../src/scheduler/admission.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import type { Seat, TurnKind } from '../../src/scheduler/seat.ts';
import { SimulatedClock } from './simulated-clock.ts';
import type { JobPlan } from './simulated-plans.ts';

/** Jobs are chosen anew after so many requests, as by a clock that ticks. */
const REQUESTS_PER_CHOICE = 8;
/** Until then who is no longer chosen has its seat, beside those who are. */
const PUT_BACK_MS = 5;

/** By what a request was granted: the job may have left that seat since, or have another priority. */
interface GrantedBy {
  readonly seat: Seat;
  readonly priority: JobPriority;
}

export interface ReleasedUse {
  readonly blocks: number;
  /** By which it was granted. */
  readonly priority: JobPriority;
}

/** A job of a simulation, and what it would tell if it were asked: the scheduler is not. */
export class SimulatedJob {
  readonly plan: JobPlan;
  readonly number: number;
  readonly id: string;
  priority: JobPriority;
  state: 'coming' | 'ready' | 'failed' | 'done' = 'coming';
  seat: Seat | undefined;
  isConnecting = false;
  /** Whether it was refused, and waits to be called back. */
  isRefused = false;
  hasFailed = false;
  openBlocks: number;
  doneBlocks = 0;
  readonly uses: Map<TurnUse, GrantedBy> = new Map();

  constructor(plan: JobPlan, number: number) {
    this.plan = plan;
    this.number = number;
    this.id = `job-${number}`;
    this.priority = plan.priority;
    this.openBlocks = plan.blocks;
  }

  /** Has something to ask for, and may by its own limits. */
  get isReady(): boolean {
    const isFree = this.uses.size < this.plan.requestsAtOnce;
    return !this.isConnecting && this.openBlocks > 0 && isFree;
  }

  /** Runs, and has something to ask for or under way. */
  get isActive(): boolean {
    const { seat } = this;
    if (seat === undefined) return false;
    const isUnderWay = [...this.uses.values()].some((each) => each.seat === seat);
    return isUnderWay || (!this.isConnecting && this.openBlocks > 0);
  }
}

/** Looks on. */
export interface SimulationWatch {
  /** Before the request counts as the job's. */
  granted?(job: SimulatedJob, blocks: number): void;
  ended?(job: SimulatedJob): void;
  released?(job: SimulatedJob, use: ReleasedUse): void;
}

/**
 * Jobs that share the real scheduler, and one link to each kind of source, which takes its time for
 * each block and brings requests in their order.
 */
export class Simulation {
  readonly clock: SimulatedClock = new SimulatedClock();
  readonly scheduler: Scheduler = new Scheduler();
  readonly jobs: readonly SimulatedJob[];
  readonly running: Set<SimulatedJob> = new Set();
  readonly #random: () => number;
  readonly #watches: readonly SimulationWatch[];
  readonly #present = new Set<SimulatedJob>();
  readonly #linkFreeMs: Record<TurnKind, number> = { origin: 0, peer: 0 };
  #chosen: ReadonlySet<string> = new Set();
  #ended = 0;

  constructor(plans: readonly JobPlan[], seed: number, watches: readonly SimulationWatch[]) {
    this.jobs = plans.map((plan, number) => new SimulatedJob(plan, number));
    this.#random = randomFrom(seed);
    this.#watches = watches;
    for (const job of this.jobs) {
      const { arrivesMs, change } = job.plan;
      this.clock.after(arrivesMs, () => this.#arrive(job));
      if (change === undefined) continue;
      this.clock.after(arrivesMs + change.afterMs, () => this.#change(job, change.priority));
    }
  }

  /** Until nothing happens any more, or `isOver`. */
  run(isOver: () => boolean = () => false): void {
    while (!isOver() && this.clock.step());
  }

  #arrive(job: SimulatedJob): void {
    job.state = 'ready';
    this.#present.add(job);
    this.#choose();
  }

  #change(job: SimulatedJob, priority: JobPriority): void {
    if (job.state === 'done') return;
    job.priority = priority;
    job.seat?.setPriority(priority);
    this.#choose();
  }

  #choose(): void {
    const candidates = [...this.#present].map(({ id, priority, number, seat }) => {
      const serviceBytes = this.scheduler.serviceOf(id);
      return { id, priority, number, isRunning: seat !== undefined, serviceBytes };
    });
    this.#chosen = new Set(chooseRunning(candidates));
    for (const { id, seat } of this.running) {
      if (!this.#chosen.has(id)) this.clock.after(PUT_BACK_MS, () => this.#putBack(id, seat));
    }
    for (const job of this.#present) {
      if (job.seat === undefined && this.#chosen.has(job.id)) this.#enter(job);
    }
  }

  #putBack(id: string, seat: Seat | undefined): void {
    if (this.#chosen.has(id)) return;
    for (const job of this.running) if (job.seat === seat) this.#leave(job);
  }

  #enter(job: SimulatedJob): void {
    const seat = this.scheduler.enter(job.id, job.priority);
    job.seat = seat;
    this.running.add(job);
    seat.onFree(() => this.#ask(job));
    if (job.plan.connectMs === 0) return this.#ask(job);
    job.isConnecting = true;
    seat.isWaiting = true;
    this.clock.after(job.plan.connectMs, () => {
      if (job.seat !== seat) return;
      job.isConnecting = false;
      this.#ask(job);
    });
  }

  /** What is under way still comes. */
  #leave(job: SimulatedJob): void {
    const { seat } = job;
    job.seat = undefined;
    job.isConnecting = false;
    job.isRefused = false;
    this.running.delete(job);
    seat?.[Symbol.dispose]();
  }

  #ask(job: SimulatedJob): void {
    while (job.seat !== undefined && job.isReady) {
      const use = job.seat.ask(job.plan.kind, Math.min(job.plan.blocksPerRequest, job.openBlocks));
      job.isRefused = use === undefined;
      if (use === undefined) return;
      for (const watch of this.#watches) watch.granted?.(job, use.blocks);
      job.uses.set(use, { seat: job.seat, priority: job.priority });
      job.openBlocks -= use.blocks;
      this.clock.after(this.#linkMs(job.plan.kind, use.blocks), () => this.#land(job, use));
    }
  }

  #linkMs(kind: TurnKind, blocks: number): number {
    const beginsMs = Math.max(this.clock.nowMs, this.#linkFreeMs[kind]);
    this.#linkFreeMs[kind] = beginsMs + blocks * (0.5 + this.#random());
    return this.#linkFreeMs[kind] - this.clock.nowMs;
  }

  #land(job: SimulatedJob, use: TurnUse): void {
    if (!job.uses.has(use)) return;
    job.doneBlocks += use.blocks;
    use.received(use.blocks * BLOCK_BYTES);
    this.#end(job, use);
    const { failure, blocks } = job.plan;
    if (job.doneBlocks === blocks) this.#finish(job);
    else if (failure && !job.hasFailed && job.doneBlocks > failure.afterBlocks) this.#fail(job);
    else this.#ask(job);
    if (++this.#ended % REQUESTS_PER_CHOICE === 0) this.#choose();
  }

  #end(job: SimulatedJob, use: TurnUse): void {
    const { priority = job.priority } = job.uses.get(use) ?? {};
    job.uses.delete(use);
    for (const watch of this.#watches) watch.released?.(job, { blocks: use.blocks, priority });
    use[Symbol.dispose]();
  }

  #finish(job: SimulatedJob): void {
    job.state = 'done';
    this.#forget(job);
    for (const watch of this.#watches) watch.ended?.(job);
  }

  #fail(job: SimulatedJob): void {
    job.state = 'failed';
    job.hasFailed = true;
    this.clock.after(job.plan.failure?.backAfterMs ?? 0, () => this.#arrive(job));
    this.#leave(job);
    for (const use of job.uses.keys()) {
      job.openBlocks += use.blocks;
      this.#end(job, use);
    }
    this.#forget(job);
  }

  #forget(job: SimulatedJob): void {
    this.#present.delete(job);
    this.#leave(job);
    this.scheduler.forget(job.id);
    this.#choose();
  }
}
