import type { JobPriority } from '@peer-cache/protocol';
import { isActive } from './job-state.ts';
import type { Job } from './job.ts';
import type { Candidate } from './scheduler/admission.ts';

export interface CandidateFacts {
  /** See `Candidate.isRunning`. */
  readonly isRunning: (id: string) => boolean;
  /** See `Scheduler.serviceOf`. */
  readonly serviceOf: (id: string) => number | undefined;
  /** Jobs that may run at once on any level, at most. */
  readonly places: number;
}

/**
 * The jobs that could run now, of those given in the order of their creation. Of newcomers that
 * wait only as many as there are places: the rest, which may be thousands, would not be chosen.
 */
export function candidatesOf(
  jobs: Iterable<Job>,
  { isRunning, serviceOf, places }: CandidateFacts,
): Candidate[] {
  const waiting = new Map<JobPriority, number>();
  const candidates: Candidate[] = [];
  for (const job of jobs) {
    if (!isActive(job.state)) continue;
    const { id, number, settings } = job.record;
    const { priority } = settings;
    const candidate = {
      id,
      number,
      priority,
      serviceBytes: serviceOf(id),
      isRunning: isRunning(id),
    };
    if (candidate.serviceBytes === undefined && !candidate.isRunning) {
      const before = waiting.get(priority) ?? 0;
      if (before >= places) continue;
      waiting.set(priority, before + 1);
    }
    candidates.push(candidate);
  }
  return candidates;
}
