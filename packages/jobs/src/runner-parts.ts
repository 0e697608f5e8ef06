import type { Log } from '@peer-cache/core';
import type { CostPolicy } from '@peer-cache/protocol';
import type { Clock } from './clock.ts';
import type { Checkpoints } from './file/checkpoints.ts';
import type { ContentFetcher } from './file/file-transfer.ts';
import type { JobTransport } from './job-transport.ts';
import type { Job } from './job.ts';
import type { Scheduler } from './scheduler/scheduler.ts';

export interface RunnerParts {
  readonly jobs: ReadonlyMap<string, Job>;
  readonly scheduler: Scheduler;
  readonly fetcher: ContentFetcher;
  readonly checkpoints: Checkpoints;
  /** Opens the way to a job's origins. */
  readonly openTransport: (job: Job) => Promise<JobTransport>;
  /** One wait of the journal's disk for all that is done within. */
  readonly transact: (work: () => void) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export interface RunnerOptions {
  readonly runningAtOnce: number;
  readonly filesAtOnce: number;
  readonly inactivityTimeoutMs: number;
  /** Of jobs that have none of their own. */
  readonly costPolicy: CostPolicy;
}

export interface RunnerEvents {
  /** Every file of the job is here. */
  readonly onTransferred: (job: Job) => void;
  /** Nothing happened to the job for so long that it is to be deleted. */
  readonly onExpired: (job: Job, afterMs: number) => void;
}
