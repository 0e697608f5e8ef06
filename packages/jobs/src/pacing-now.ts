import type { LimitExplanation, UplinkStatus } from '@peer-cache/bandwidth';
import type { YieldReason } from '@peer-cache/protocol';
import type { QueuePacer } from './job-queue-parts.ts';
import { isFileDone } from './job-state.ts';
import type { Job } from './job.ts';
import { takerOf } from './records.ts';

/** What bounds how fast a job is. */
export interface PacingNow {
  /** The slowest first. */
  readonly limits: readonly LimitExplanation[];
  /** Why it stands back for others on the way to its origins; undefined where it does not. */
  readonly yieldsFor?: YieldReason | undefined;
  readonly isSending?: boolean | undefined;
  /** How fast it may send; undefined where it is not known, and where anything may be sent. */
  readonly uplink?: UplinkStatus | undefined;
}

/** How a job is paced. What it sends has a way of its own, of which downloads tell nothing. */
export function pacingNow(job: Job, pacer: QueuePacer | undefined): PacingNow {
  if (pacer === undefined) return { limits: [] };
  const taker = takerOf(job.record);
  const limits = pacer.explain(taker);
  const sent = job.files.find(({ state, upload }) => upload !== undefined && !isFileDone(state));
  if (sent === undefined) return { limits, yieldsFor: pacer.yieldsFor(taker) };
  if (taker.priority === 'foreground') return { limits, isSending: true };
  const uplink = pacer.streams.uplink(new URL(sent.url).host);
  const yieldsFor = uplink?.isYielding === true ? 'delay' : undefined;
  return { limits, isSending: true, uplink, yieldsFor };
}
