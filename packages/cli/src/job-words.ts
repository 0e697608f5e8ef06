import type { BytesBySource, JobError, JobState, JobSummary } from '@peer-cache/protocol';
import { formatBytes, formatShare, printableLine } from './format.ts';
import { savedShare } from './get-summary.ts';
import { tell } from './terminal.ts';
import type { Colors } from './terminal.ts';

/** As many digits of an ID as people compare at a glance. */
const LEAST_ID_CHARACTERS = 8;
/** What is looked at first stands first. */
export const STATE_ORDER: readonly JobState[] = [
  'transferring',
  'connecting',
  'error',
  'transient-error',
  'queued',
  'transferred',
  'suspended',
  'acknowledged',
  'cancelled',
];
const ENDED = ['transferred', 'acknowledged', 'cancelled'] as const;

/** How much of each of these IDs tells it from the others: as much of all, eight characters at least. */
export function shortIdLength(ids: readonly string[]): number {
  const unique = new Set(ids);
  const longest = Math.max(LEAST_ID_CHARACTERS, ...ids.map((id) => id.length));
  for (let length = LEAST_ID_CHARACTERS; length < longest; length++) {
    const starts = new Set(Array.from(unique, (id) => id.slice(0, length)));
    if (starts.size === unique.size) return length;
  }
  return longest;
}

/** How much is done, in whole percent; `-` where that is not known yet. */
export function shareText({ sizeBytes, doneBytes, state }: JobSummary): string {
  if (sizeBytes === undefined) return '-';
  if (sizeBytes === 0) return ENDED.some((each) => each === state) ? '100 %' : '0 %';
  return formatShare(Math.min(1, doneBytes / sizeBytes));
}

/** `1.6 GiB of 3.7 GiB (42 %)`, or as much of it as is known. */
export function progressText({
  sizeBytes,
  doneBytes,
}: Pick<JobSummary, 'sizeBytes' | 'doneBytes'>): string {
  if (sizeBytes === undefined) return `${formatBytes(doneBytes)}, size not known yet`;
  const share = sizeBytes === 0 ? '' : ` (${formatShare(Math.min(1, doneBytes / sizeBytes))})`;
  return `${formatBytes(doneBytes)} of ${formatBytes(sizeBytes)}${share}`;
}

/** What went out, and what arrived by where it came from, and what that saved. */
export function sourcesText({
  bytes,
  sentBytes = 0,
}: Pick<JobSummary, 'bytes' | 'sentBytes'>): string {
  const texts = [
    sentBytes > 0 ? `${formatBytes(sentBytes)} sent` : '',
    bytes.store > 0 ? `${formatBytes(bytes.store)} from the store` : '',
    bytes.peers > 0 ? `${formatBytes(bytes.peers)} from peers` : '',
    bytes.origin > 0 ? `${formatBytes(bytes.origin)} from the origin` : '',
  ].filter((text) => text !== '');
  const saved = savedShare(bytes) ?? 0;
  if (texts.length === 0) return 'nothing yet';
  return texts.join(', ') + (saved === 0 ? '' : ` (${formatShare(saved)} saved)`);
}

/** What a bar shows of a job: what it sends goes to the origin. */
export function movedBytes({ bytes, sentBytes = 0 }: JobSummary): BytesBySource {
  return { ...bytes, origin: bytes.origin + sentBytes };
}

/** An error in one line: what happened, and its code. */
export function errorText({ message, code }: Pick<JobError, 'message' | 'code'>): string {
  return `${printableLine(message)} (${code})`;
}

/** Tells on standard error how to try a changed job at once, where that is not done by itself. */
export function tellHowToTry({ id, state }: Pick<JobSummary, 'id' | 'state'>): void {
  const [short = ''] = id.split('-');
  if (['suspended', 'transient-error', 'error'].includes(state)) {
    tell(`  try it now: peer-cache job resume ${short}`);
  }
}

/** Green runs or is done, yellow waits for something that passes, red needs a person. */
export function stateColor(colors: Colors, state: string): (text: string) => string {
  const paints: Readonly<Record<JobState, (text: string) => string>> = {
    suspended: colors.dim,
    queued: String,
    connecting: colors.cyan,
    transferring: colors.cyan,
    'transient-error': colors.yellow,
    error: colors.red,
    transferred: colors.green,
    acknowledged: colors.green,
    cancelled: colors.dim,
  };
  return Object.entries(paints).find(([name]) => name === state)?.[1] ?? String;
}
