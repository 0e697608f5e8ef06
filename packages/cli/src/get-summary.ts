import type { BytesBySource, GetDone } from '@peer-cache/protocol';
import { formatBytes, formatCount, formatDuration, formatShare } from './format.ts';

/** How a download ended, in one line: what came from where, and what that saved. */
export function summaryOf({ path, sizeBytes, seconds, bytes, peerCount }: GetDone): string {
  const what = path === undefined ? '' : `${path}, `;
  const sources = [
    bytes.store > 0 ? `${formatBytes(bytes.store)} from the store` : '',
    `${formatBytes(bytes.peers)} from ${formatCount(peerCount, 'peer')}`,
    `${formatBytes(bytes.origin)} from the origin`,
  ].filter((text) => text !== '');
  const saved = savedShare(bytes);
  const savedText = saved === undefined ? '' : ` (${formatShare(saved)} saved)`;
  const total = `${formatBytes(sizeBytes)} in ${formatDuration(seconds * 1000)}`;
  return `done: ${what}${total} · ${sources.join(', ')}${savedText}`;
}

/** The share of bytes that the origin did not have to send; undefined where there were none. */
export function savedShare({ store, peers, origin }: BytesBySource): number | undefined {
  const all = store + peers + origin;
  return all === 0 ? undefined : (store + peers) / all;
}
