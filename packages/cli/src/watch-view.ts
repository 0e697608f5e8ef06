import { basename } from 'node:path';
import type { JobDetails, JobFileState, JobFileStatus, JobSummary } from '@peer-cache/protocol';
import { formatBytes, formatCount, formatShare, printableLine } from './format.ts';
import { jobTable } from './job-table.ts';
import {
  errorText,
  movedBytes,
  progressText,
  sourcesText,
  STATE_ORDER,
  stateColor,
} from './job-words.ts';
import { renderBar } from './progress-bar.ts';
import type { ViewOptions } from './terminal.ts';
import { padded, shortened } from './text-width.ts';
import { formatIn } from './time-words.ts';

export interface LiveViewOptions extends ViewOptions {
  /** Room for lines. */
  readonly rows: number;
  readonly nowMs: number;
  readonly bytesPerSecond: number;
}

/** What is looked at first stands first. */
const FILE_ORDER: readonly JobFileState[] = [
  'transferring',
  'failed',
  'waiting',
  'transferred',
  'released',
];
const FILE_STATE_WIDTH = 12;
const FILE_PROGRESS_WIDTH = 17;

/** One job as it is now, in lines that fit. */
export function liveJobView(job: JobDetails, options: LiveViewOptions): string[] {
  const { columns, colors, bytesPerSecond } = options;
  const paint = stateColor(colors, job.state);
  const facts = `${job.priority}, ${job.transferredFileCount} of ${formatCount(job.fileCount, 'file')}`;
  const room = columns - `${job.state}, ${facts}  `.length;
  const name = shortened(printableLine(job.name), room);
  const { sizeBytes, doneBytes } = job;
  const bytes = movedBytes(job);
  const head = [
    `${colors.bold(name)}  ${paint(job.state)}, ${facts}`,
    ...(sizeBytes === undefined && doneBytes === 0
      ? []
      : [renderBar({ sizeBytes, doneBytes, bytes, bytesPerSecond }, columns, colors)]),
    ...waitLines(job, options),
  ];
  if (job.files.length < 2) return head;
  return [...head, ...fileLines(job.files, { ...options, rows: options.rows - head.length })];
}

/** All jobs as they are now, the busiest first, in lines that fit. */
export function liveJobsView(
  jobs: readonly JobSummary[],
  { columns, colors, rows, bytesPerSecond }: LiveViewOptions,
): string[] {
  const sorted = jobs.toSorted(
    (a, b) => STATE_ORDER.indexOf(a.state) - STATE_ORDER.indexOf(b.state),
  );
  const running = jobs.filter(({ state }) => state === 'transferring').length;
  const rate = running === 0 ? '' : `, ${formatBytes(bytesPerSecond)}/s`;
  const head = `${formatCount(jobs.length, 'job')}, ${running} transferring${rate}; Ctrl-C ends the view`;
  if (jobs.length === 0) return ['no jobs; Ctrl-C ends the view'];
  // The head, the titles, and the count of what finds no room.
  const shown = sorted.slice(0, rows - 3);
  const more = sorted.length - shown.length;
  return [
    colors.dim(head),
    ...jobTable(shown, { columns, colors }),
    ...(more === 0 ? [] : [colors.dim(`and ${more} more`)]),
  ];
}

/** How a job went, in one line for a log: `transferring, 1.6 GiB of 3.7 GiB (43 %), 1.6 GiB from peers`. */
export function watchLine(job: JobDetails): string {
  const error = job.error === undefined ? '' : `: ${errorText(job.error)}`;
  const parts = [
    job.state + error,
    job.sizeBytes === undefined ? '' : progressText(job),
    job.doneBytes === 0 ? '' : sourcesText(job),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function waitLines(job: JobDetails, { columns, colors, nowMs }: LiveViewOptions): string[] {
  const { error, retryInSeconds, state } = job;
  const reason = error === undefined ? '' : errorText(error);
  const again =
    retryInSeconds === undefined ? '' : `tried again ${formatIn(retryInSeconds, nowMs)}`;
  // What a job ends with is told under the view, as a whole.
  const texts = state === 'error' ? [] : [reason, again].filter((text) => text !== '');
  return texts.map((text) => stateColor(colors, state)(shortened(text, columns)));
}

function fileLines(
  files: readonly JobFileStatus[],
  { columns, colors, rows }: LiveViewOptions,
): string[] {
  const sorted = files.toSorted(
    (a, b) => FILE_ORDER.indexOf(a.state) - FILE_ORDER.indexOf(b.state) || a.index - b.index,
  );
  const fits = sorted.length <= rows;
  const shown = sorted.slice(0, Math.max(0, fits ? rows : rows - 1));
  const more = sorted.length - shown.length;
  const lines = shown.map((file) => {
    const start = `  ${padded(file.state, FILE_STATE_WIDTH)}  ${padded(fileProgress(file), FILE_PROGRESS_WIDTH)}  `;
    const name = printableLine(basename(file.path));
    const line = start + shortened(name, columns - start.length);
    return file.state === 'failed' ? colors.red(line) : line;
  });
  return [...lines, ...(more === 0 ? [] : [colors.dim(`  and ${formatCount(more, 'more file')}`)])];
}

function fileProgress({ sizeBytes, doneBytes }: JobFileStatus): string {
  if (sizeBytes === undefined) return formatBytes(doneBytes);
  const share = sizeBytes === 0 ? 1 : Math.min(1, doneBytes / sizeBytes);
  return `${formatShare(share).padStart(5)} of ${formatBytes(sizeBytes)}`;
}
