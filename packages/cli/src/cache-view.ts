import type { CachePage, PeerStatus } from '@peer-cache/protocol';
import { formatBytes, formatCount, formatDuration, printableLine } from './format.ts';
import { table } from './table.ts';
import type { Column } from './table.ts';
import type { ViewOptions } from './terminal.ts';
import { formatAgo } from './time-words.ts';

/** As many digits of a segment ID as logs show and `pin` takes. */
const SHORT_ID_DIGITS = 8;
const SHORT_PEER_DIGITS = 8;

const SEGMENT_COLUMNS: readonly Column[] = [
  { title: 'SEGMENT' },
  { title: 'STORED', side: 'right' },
  { title: 'OF', side: 'right' },
  { title: 'LAST USED' },
  { title: 'SERVED FOR' },
  { title: 'PINNED' },
];
const PEER_COLUMNS: readonly Column[] = [
  { title: 'PEER', mayShrink: true },
  { title: 'PEER ID' },
  { title: 'GAVE US', side: 'right' },
  { title: 'LAST SEEN' },
];

/** Segments in the store as a table. */
export function cacheView(
  { segments, total, next }: CachePage,
  { columns, colors, nowMs }: ViewOptions & { readonly nowMs: number },
): string[] {
  if (segments.length === 0) return ['the store is empty'];
  const rows = segments.map((segment) => [
    segment.segmentId.slice(0, SHORT_ID_DIGITS),
    formatBytes(segment.storedBytes),
    formatBytes(segment.sizeBytes),
    formatAgo(segment.lastUsedMs, nowMs),
    leaseText(segment.serveUntilMs - nowMs),
    segment.isPinned ? 'yes' : '',
  ]);
  const more = `${segments.length} of ${formatCount(total, 'segment')}; --all-pages shows all`;
  const lines = table(SEGMENT_COLUMNS, rows, { columns, paintTitle: colors.bold });
  return next === undefined ? lines : [...lines, colors.dim(more)];
}

/** Peers as a table, those that gave most first. */
export function peersView(
  peers: readonly PeerStatus[],
  { columns, colors }: ViewOptions,
): string[] {
  if (peers.length === 0) return ['no peers; peer-cache status tells where we share'];
  const sorted = peers.toSorted((a, b) => b.receivedBytes - a.receivedBytes);
  const rows = sorted.map(({ name, peerId, receivedBytes, lastSeenSeconds }) => [
    printableLine(name),
    peerId?.slice(0, SHORT_PEER_DIGITS) ?? '-',
    formatBytes(receivedBytes),
    lastSeenSeconds === undefined ? 'not met yet' : `${formatDuration(lastSeenSeconds * 1000)} ago`,
  ]);
  return table(PEER_COLUMNS, rows, { columns, paintTitle: colors.bold });
}

/** Peers are given a segment for so long, unless its origin confirms it again. */
function leaseText(ms: number): string {
  return ms <= 0 ? 'over' : formatDuration(ms);
}
