import type { JobPriority } from '@peer-cache/protocol';
import { PRIORITIES } from '../../src/scheduler/admission.ts';
import type { TurnKind } from '../../src/scheduler/seat.ts';
import { mostRequestsEach } from '../../src/scheduler/turn-limits.ts';
import type { ReleasedUse, SimulatedJob, SimulationWatch } from './simulated-jobs.ts';

const MOST = {
  origin: { requests: 8, blocks: 64 },
  peer: { requests: 64, blocks: 256 },
};

type RunningJobs = () => Iterable<SimulatedJob>;

/** Nothing is granted to a job while one of a higher priority has a seat and work. */
export class StrictOrder implements SimulationWatch {
  readonly #running: RunningJobs;

  constructor(running: RunningJobs) {
    this.#running = running;
  }

  granted(job: SimulatedJob): void {
    for (const other of this.#running()) {
      const isHigher = PRIORITIES.indexOf(other.priority) < PRIORITIES.indexOf(job.priority);
      if (isHigher && other.isActive) {
        throw new Error(`${job.id} (${job.priority}) before ${other.id} (${other.priority})`);
      }
    }
  }
}

/**
 * At each grant no more is under way than may be, of that priority and more urgent ones. What less
 * urgent ones have under way is in nobody's way.
 */
export class Limits implements SimulationWatch {
  readonly #inUse = { origin: noUses(), peer: noUses() };

  granted({ plan: { kind }, priority }: SimulatedJob, blocks: number): void {
    this.#inUse[kind][priority].requests++;
    this.#inUse[kind][priority].blocks += blocks;
    const sum = this.#upTo(priority, kind);
    if (blocks < 1 || sum.requests > MOST[kind].requests || sum.blocks > MOST[kind].blocks) {
      throw new Error(`${sum.requests} requests for ${sum.blocks} blocks (${kind}, ${priority})`);
    }
  }

  /** Whether the job can send nothing more before something has ended. */
  isReached({ plan: { kind }, priority }: SimulatedJob): boolean {
    const { requests, blocks } = this.#upTo(priority, kind);
    return requests >= MOST[kind].requests || blocks >= MOST[kind].blocks;
  }

  released({ plan: { kind } }: SimulatedJob, { blocks, priority }: ReleasedUse): void {
    this.#inUse[kind][priority].requests--;
    this.#inUse[kind][priority].blocks -= blocks;
  }

  #upTo(priority: JobPriority, kind: TurnKind): { requests: number; blocks: number } {
    const sum = { requests: 0, blocks: 0 };
    for (const each of PRIORITIES.slice(0, PRIORITIES.indexOf(priority) + 1)) {
      sum.requests += this.#inUse[kind][each].requests;
      sum.blocks += this.#inUse[kind][each].blocks;
    }
    return sum;
  }
}

/** How many turns of others a job has to wait through, for each of those who share meanwhile. */
export class Waits implements SimulationWatch {
  mostTurnsEach = 0;
  readonly #running: RunningJobs;
  readonly #waited = new Map<SimulatedJob, { turns: number; sharers: number }>();

  constructor(running: RunningJobs) {
    this.#running = running;
  }

  granted(job: SimulatedJob): void {
    this.#waited.delete(job);
    for (const other of this.#waited.keys()) if (!other.isRefused) this.#waited.delete(other);
    const all = sharing(this.#running(), job);
    const most = mostRequestsEach(MOST[job.plan.kind].requests, all.length);
    for (const other of all) {
      if (other === job || !other.isRefused || other.uses.size >= most) continue;
      const waited = this.#waited.get(other) ?? { turns: 0, sharers: 0 };
      waited.turns++;
      waited.sharers = Math.max(all.length, waited.sharers);
      this.#waited.set(other, waited);
      this.mostTurnsEach = Math.max(this.mostTurnsEach, waited.turns / waited.sharers);
    }
  }
}

/**
 * Any window of 20 blocks for each of those who want the same all the while, and while there is
 * not enough for all: how unequal they were. Whoever has more under way than its part, because it
 * was alone before, is no such one until its next turn.
 */
export class FairWindows implements SimulationWatch {
  count = 0;
  mostUnequalBlocks = 0;
  readonly #running: RunningJobs;
  readonly #limits: Limits;
  readonly #windows = { origin: new Window(), peer: new Window() };
  readonly #overdrawn = new Set<SimulatedJob>();

  /** `limits` must look on before. */
  constructor(running: RunningJobs, limits: Limits) {
    this.#running = running;
    this.#limits = limits;
  }

  granted(job: SimulatedJob, blocks: number): void {
    const window = this.#windows[job.plan.kind];
    const sharers = this.#sharers(job);
    const isSame = window.isOf(sharers) && this.#limits.isReached(job);
    if (!isSame) window.restart(sharers);
    window.add(job, blocks);
    if (sharers.length < 2 || !window.isFull) return;
    this.count++;
    this.mostUnequalBlocks = Math.max(this.mostUnequalBlocks, window.unequalBlocks);
  }

  #sharers(taker: SimulatedJob): SimulatedJob[] {
    const all = sharing(this.#running(), taker);
    const part = Math.ceil(MOST[taker.plan.kind].requests / all.length);
    for (const each of all) if (each.uses.size > part) this.#overdrawn.add(each);
    this.#overdrawn.delete(taker);
    return all.filter((each) => each === taker || (each.isRefused && !this.#overdrawn.has(each)));
  }
}

const BLOCKS_EACH = 20;

class Window {
  #blocksOf = new Map<SimulatedJob, number>();
  #turns: { readonly job: SimulatedJob; readonly blocks: number }[] = [];
  #blocks = 0;

  isOf(jobs: readonly SimulatedJob[]): boolean {
    return jobs.length === this.#blocksOf.size && jobs.every((job) => this.#blocksOf.has(job));
  }

  restart(jobs: readonly SimulatedJob[]): void {
    this.#blocksOf = new Map(jobs.map((job) => [job, 0]));
    this.#turns = [];
    this.#blocks = 0;
  }

  add(job: SimulatedJob, blocks: number): void {
    this.#turns.push({ job, blocks });
    this.#count(job, blocks);
    while (this.#blocks > this.#wholeBlocks) {
      const first = this.#turns.shift();
      if (first !== undefined) this.#count(first.job, -first.blocks);
    }
  }

  get isFull(): boolean {
    return this.#blocks === this.#wholeBlocks;
  }

  get unequalBlocks(): number {
    const differences = [...this.#blocksOf.values()].map((each) => Math.abs(each - BLOCKS_EACH));
    return Math.max(...differences);
  }

  get #wholeBlocks(): number {
    return BLOCKS_EACH * this.#blocksOf.size;
  }

  #count(job: SimulatedJob, blocks: number): void {
    this.#blocksOf.set(job, (this.#blocksOf.get(job) ?? 0) + blocks);
    this.#blocks += blocks;
  }
}

/** Those of the job's priority who ask for the same. */
function sharing(
  running: Iterable<SimulatedJob>,
  { plan, priority }: SimulatedJob,
): SimulatedJob[] {
  return [...running].filter(
    (each) => each.plan.kind === plan.kind && each.priority === priority && each.isActive,
  );
}

function noUses(): Record<JobPriority, { requests: number; blocks: number }> {
  const none = { requests: 0, blocks: 0 };
  return { foreground: { ...none }, high: { ...none }, normal: { ...none }, low: { ...none } };
}
