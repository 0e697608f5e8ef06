import { shownRate } from '@peer-cache/bandwidth';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '@peer-cache/core';
import type {
  JobExplanation,
  JobKind,
  JobPriority,
  JobState,
  WaitReason,
  YieldReason,
} from '@peer-cache/protocol';
import type { Job } from './job.ts';
import { isBlockedByCost, obstacleTo } from './obstacles.ts';
import type { NetworkNow } from './obstacles.ts';
import type { PacingNow } from './pacing-now.ts';
import { blockedReason, limitReasons } from './why-limits.ts';

/** What goes on around a job. */
export interface Surroundings extends PacingNow {
  readonly network: NetworkNow;
  /** Jobs that run now. */
  readonly running: readonly Job[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

const RANKS: readonly JobPriority[] = ['foreground', 'high', 'normal', 'low'];
const MOST_NAMED = 3;

/** What exactly a job waits for, and when it will be tried: the first thing first. Pure. */
export function explain(job: Job, surroundings: Surroundings): JobExplanation {
  const { id, state, record } = job;
  const { name } = record.settings;
  const reason = REASON_IN[state](job, surroundings);
  const reasons = [reason, ...heldBack(job, surroundings), ...failedFiles(job)];
  return { id, name, state, reasons };
}

type Reason = (job: Job, surroundings: Surroundings) => WaitReason;

const REASON_IN: Readonly<Record<JobState, Reason>> = {
  suspended,
  queued,
  connecting: (_, { limits, nowMs }) =>
    blockedReason(limits, nowMs) ?? {
      code: 'origin',
      text: 'it waits for the first answer of its origin',
    },
  transferring: (_, { limits, yieldsFor, nowMs, ...pacing }) =>
    blockedReason(limits, nowMs) ??
    (yieldsFor && { code: 'yielding', text: YIELDS_FOR[yieldsFor] }) ?? {
      code: 'transferring',
      text: `it waits for nothing: ${moving(pacing)}`,
    },
  'transient-error': retrying,
  error: broken,
  transferred: completion,
  acknowledged: over,
  cancelled: over,
};

const YIELDS_FOR: Readonly<Record<YieldReason, string>> = {
  delay:
    'it stands back: others keep the link to its origin busy; it goes on within seconds of them',
  share: 'it stands back: somebody else needs a part of the link to its origin',
  office: 'it stands back: a person at another machine of this network waits for something',
  machine: 'it stands back: this machine itself uses its network for something else',
};

function moving({ isSending = false, uplink }: Pick<PacingNow, 'isSending' | 'uplink'>): string {
  if (!isSending) return 'bytes are coming, as fast as its sources and its turn allow';
  if (uplink === undefined) return 'bytes go out, as fast as the server and its turn allow';
  const rate = shownRate(uplink.bytesPerSecond);
  if (uplink.isAnswered) return `up to ${rate} may go out, which delays nobody on the way`;
  return `up to ${rate} may go out, as its server answers no questions meanwhile, by which others on the way would be noticed`;
}

function suspended({ record }: Job): WaitReason {
  if (record.fileCount === 0) {
    return { code: 'no-files', text: 'it has no files; add some, then resume it' };
  }
  return { code: 'suspended', text: 'it is suspended; resume it to let it go on' };
}

function queued(job: Job, { network, running }: Surroundings): WaitReason {
  const obstacle = obstacleTo(job, network);
  if (obstacle?.event === 'network-lost') return NETWORK;
  if (obstacle !== undefined) return { code: 'cost', text: obstacle.error.message };
  const rank = rankOf(job);
  const ahead = running.filter((other) => other !== job && rankOf(other) < rank);
  if (ahead.length > 0) {
    const text = `it waits until ${named(ahead)} of higher priority ${ahead.length === 1 ? 'is' : 'are'} done`;
    return { code: 'higher-priority', text };
  }
  const equals = running.filter((other) => other !== job && rankOf(other) === rank);
  if (equals.length === 0) return { code: 'turn', text: 'it starts within a moment' };
  return {
    code: 'turn',
    text: `it waits for its turn among the jobs of its priority that run: ${named(equals)}`,
  };
}

const NETWORK: WaitReason = {
  code: 'network',
  text: 'this machine has no network; it goes on as soon as there is one',
};

function retrying(job: Job, { network: { isOnline } }: Surroundings): WaitReason {
  const { retryInMs, noProgressMs = 0 } = job.timers;
  const { settings } = job.record;
  if (retryInMs === undefined) {
    if (!isOnline) return NETWORK;
    return { code: isBlockedByCost(job) ? 'cost' : 'policy', text: cause(job) };
  }
  const untilMs = settings.noProgressTimeoutSeconds * SECOND_MS - noProgressMs;
  return {
    code: 'retry-delay',
    text: `${cause(job)}; this may pass, and resuming it tries at once; without any progress it gives up in ${shortDuration(untilMs)}`,
    inSeconds: Math.ceil(retryInMs / SECOND_MS),
  };
}

function broken(job: Job): WaitReason {
  const advice = 'then resume it, complete it to keep what is done, or cancel it';
  return { code: 'error', text: `${cause(job)}; ${advice}` };
}

/** The error that the job is in, and of which file, where it has others. */
function cause({ files, record: { error } }: Job): string {
  if (error === undefined) return 'an error that was not kept';
  const { fileIndex, message } = error;
  const path = files.length > 1 ? files.find(({ index }) => index === fileIndex)?.path : undefined;
  return path === undefined ? message : `file ${fileIndex} (${path}): ${message}`;
}

function over({ state }: Job): WaitReason {
  return { code: 'over', text: `it is ${state}: nothing more will happen` };
}

const DONE: Readonly<Record<JobKind, string>> = {
  download: 'all is here; complete it, and the files get their names',
  upload: 'all is sent, and in its place; complete it to end it',
  'upload-reply': 'all is sent and answered; complete it, and the replies get their names',
};

function completion({ files, record }: Job): WaitReason {
  const { error } = record;
  if (error !== undefined) {
    return { code: 'release', text: `a file could not get its name: ${error.message}` };
  }
  if (files.some(({ state }) => state === 'waiting')) {
    return { code: 'files-added', text: 'files were added; resume it to fetch them' };
  }
  return { code: 'completion', text: DONE[record.kind] };
}

/** What keeps a job that transfers from being faster; one that is blocked has said so already. */
function heldBack({ state }: Job, { limits, nowMs }: Surroundings): WaitReason[] {
  const isHeld = state === 'transferring' && blockedReason(limits, nowMs) === undefined;
  return isHeld ? limitReasons(limits, nowMs) : [];
}

function failedFiles(job: Job): WaitReason[] {
  const { files, state: jobState, record } = job;
  // What the job is in because of a file is not said twice.
  const isInError = jobState === 'error' || jobState === 'transient-error';
  const told = files.length === 1 ? files[0]?.index : record.error?.fileIndex;
  return files
    .filter(({ index, state, error }) => {
      return state === 'failed' && error !== undefined && !(isInError && index === told);
    })
    .slice(0, MOST_NAMED)
    .map(({ index, path, error }) => ({
      code: 'file-failed',
      text: `file ${index} (${path}) failed: ${error?.message ?? ''}`,
    }));
}

/** `14 d`, `13 d 21 h`, `3 h 5 min`, `4 min`: as exact as anybody waits. */
function shortDuration(ms: number): string {
  const exactMs = ms >= DAY_MS ? HOUR_MS : MINUTE_MS;
  const left = Math.max(1, Math.round(ms / exactMs)) * exactMs;
  const days = Math.floor(left / DAY_MS);
  const hours = Math.floor((left % DAY_MS) / HOUR_MS);
  const minutes = Math.floor((left % HOUR_MS) / MINUTE_MS);
  const parts = [`${days} d`, `${hours} h`, `${minutes} min`];
  return parts.filter((part) => !part.startsWith('0 ')).join(' ');
}

function named(jobs: readonly Job[]): string {
  const names = jobs.slice(0, MOST_NAMED).map(({ record }) => record.settings.name);
  const more = jobs.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function rankOf(job: Job): number {
  return RANKS.indexOf(job.record.settings.priority);
}
