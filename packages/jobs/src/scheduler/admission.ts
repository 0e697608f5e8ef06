import { MIB } from '@peer-cache/core';
import type { JobPriority } from '@peer-cache/protocol';
import { FairShare } from './fair-share.ts';

/** A job that could run now. */
export interface Candidate {
  readonly id: string;
  readonly priority: JobPriority;
  /** See `Scheduler.serviceOf`: undefined for a newcomer. */
  readonly serviceBytes: number | undefined;
  /** Whether it has a seat. */
  readonly isRunning: boolean;
  /** The order of creation. */
  readonly number: number;
}

export interface RunningLimits {
  /** Jobs that run at once where the most urgent are not foreground: 12. */
  readonly background?: number;
  /** Foreground jobs that run at once: 32. */
  readonly foreground?: number;
}

/** The most urgent first. */
export const PRIORITIES: readonly JobPriority[] = ['foreground', 'high', 'normal', 'low'];

/** A job that runs is put back for one that was served so much less: seats are not free of cost. */
const SLICE_BYTES = 8 * MIB;
/** So much a newcomer has in one go: a small job is done with its first turn. */
const FIRST_TURN_BYTES = 1 * MIB;

/**
 * Which jobs run now, as IDs: only such of the highest priority there is (SCH-03 of BITS), and of
 * those the ones that were served least. A newcomer comes in at once, in the place of the one that
 * was served most; but half of the places are left to those who are no newcomers, so that a stream
 * of small jobs does not starve the others.
 */
export function chooseRunning(
  candidates: readonly Candidate[],
  { background = 12, foreground = 32 }: RunningLimits = {},
): readonly string[] {
  const top = PRIORITIES.find((each) => candidates.some(({ priority }) => priority === each));
  const level = candidates.filter(({ priority }) => priority === top);
  const most = top === 'foreground' ? foreground : background;
  const isNew = ({ serviceBytes }: Candidate): boolean => serviceBytes === undefined;
  const newcomers = level.filter((each) => isNew(each)).toSorted(byTurn);
  const others = level.filter((each) => !isNew(each)).toSorted(byTurn);
  const newcomerPlaces = Math.max(Math.ceil(most / 2), most - others.length);
  const chosen = newcomers.slice(0, newcomerPlaces);
  return [...chosen, ...others.slice(0, most - chosen.length)].map(({ id }) => id);
}

function byTurn(a: Candidate, b: Candidate): number {
  const runningFirst = Number(b.isRunning) - Number(a.isRunning);
  return claim(a) - claim(b) || runningFirst || a.number - b.number;
}

function claim({ serviceBytes = 0, isRunning }: Candidate): number {
  return isRunning ? serviceBytes - SLICE_BYTES : serviceBytes;
}

/** How much jobs were served, each within its level, whether they have a seat or wait for one. */
export class JobServices {
  readonly #levels = new Map(PRIORITIES.map((each) => [each, new FairShare<string>()]));
  readonly #jobs = new Map<string, { level: FairShare<string>; servedBytes: number }>();

  /** Begins to compete on this level, or changes to it. */
  join(id: string, priority: JobPriority): void {
    const level = this.#levels.get(priority);
    const job = this.#jobs.get(id);
    if (level === undefined || job?.level === level) return;
    job?.level.forget(id);
    level.join(id);
    this.#jobs.set(id, { level, servedBytes: job?.servedBytes ?? 0 });
  }

  forget(id: string): void {
    this.#jobs.get(id)?.level.forget(id);
    this.#jobs.delete(id);
  }

  charge(id: string, bytes: number): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    job.servedBytes += bytes;
    job.level.charge(id, bytes);
  }

  refund(id: string, bytes: number): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    job.servedBytes -= bytes;
    job.level.refund(id, bytes);
  }

  /** Undefined until the job has had its first turn. */
  serviceOf(id: string): number | undefined {
    const job = this.#jobs.get(id);
    if (job === undefined || job.servedBytes < FIRST_TURN_BYTES) return undefined;
    return job.level.serviceOf(id);
  }
}
