import type { Pacer, StreamPace } from '@peer-cache/bandwidth';
import type { Log } from '@peer-cache/core';
import type { Clock } from './clock.ts';
import type { ContentFetcher } from './file/file-transfer.ts';
import type { QueueLimits } from './job-requests.ts';
import type { JobTransports } from './job-transport.ts';
import type { Journal } from './journal/journal.ts';
import type { SettingDefaults } from './new-records.ts';
import type { RunnerOptions } from './runner-parts.ts';
import type { SeatPacer } from './scheduler/seat.ts';
import type { JobSecretStore } from './secrets/job-secrets.ts';

export interface JobQueueParts {
  readonly journal: Journal;
  readonly fetcher: ContentFetcher;
  readonly secrets: JobSecretStore;
  /** Ways of jobs to their origins; closed with the queue. */
  readonly transports: JobTransports;
  /** Says when requests to origins may go out; always, where it is absent. */
  readonly pacer?: QueuePacer | undefined;
  readonly log: Log;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** A UUID that nobody can guess. */
  readonly newId: () => string;
}

export type QueuePacer = SeatPacer &
  Pick<Pacer, 'explain' | 'yieldsFor'> & { readonly streams: Pick<StreamPace, 'uplink'> };

export interface JobQueueOptions extends RunnerOptions {
  readonly limits: QueueLimits;
  readonly defaults: SettingDefaults;
  /** Whom the configuration lets jobs notify. */
  readonly notifyTargets: readonly string[];
}
