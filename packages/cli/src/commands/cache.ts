import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import type { CacheCheckDone, CachePage, CacheSegment } from '@peer-cache/protocol';
import { CacheClient } from '../cache-client.ts';
import { cacheView } from '../cache-view.ts';
import { AgentFailureError, AgentGoneError, UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { formatBytes, formatCount, formatShare } from '../format.ts';
import { interruptible } from '../interruptible.ts';
import { ProgressLine } from '../progress-line.ts';
import { say, viewOptionsFor } from '../terminal.ts';

export interface CacheListOptions {
  readonly limit?: number;
  readonly allPages?: boolean;
  readonly json?: boolean;
}

const USUAL_LIMIT = 100;
const MOST_PER_PAGE = 1000;
const SEGMENT_ID = /^[\da-f]{8,64}$/i;

/** `peer-cache cache list`: what the store has. */
export async function cacheList(options: CacheListOptions): Promise<ExitCode> {
  const { limit = USUAL_LIMIT, allPages = false, json = false } = options;
  const page = await pagesOf(openClient(), allPages ? Infinity : limit);
  const view = { ...viewOptionsFor(process.stdout), nowMs: Date.now() };
  say(json ? JSON.stringify(page) : cacheView(page, view).join('\n'));
  return EXIT.ok;
}

/** `peer-cache cache clear`: removes everything that is not pinned or in use. */
export async function cacheClear({ json = false }: { readonly json?: boolean }): Promise<ExitCode> {
  const cleared = await openClient().clear();
  const { removedSegments, freedBytes, keptSegments } = cleared;
  const kept = keptSegments === 0 ? '' : `; ${keptSegments} kept, pinned or in use`;
  const removed = `removed ${formatCount(removedSegments, 'segment')}, ${formatBytes(freedBytes)}`;
  say(json ? JSON.stringify(cleared) : removed + kept);
  return EXIT.ok;
}

/** `peer-cache cache pin|unpin SEGMENT...`: keeps segments from being evicted, or no longer. */
export async function cachePin(
  segmentIds: readonly string[],
  isPinned: boolean,
  { json = false }: { readonly json?: boolean },
): Promise<ExitCode> {
  const client = openClient();
  const wrong = segmentIds.find((id) => !SEGMENT_ID.test(id));
  if (wrong !== undefined) {
    throw new UsageError(`${wrong} is no segment ID; give its first 8 digits, as cache list does`);
  }
  for (const segmentId of segmentIds) {
    const segment = await client.pin(segmentId.toLowerCase(), isPinned);
    const short = segment.segmentId.slice(0, 8);
    const text = `${short} is ${segment.isPinned ? '' : 'not '}pinned, ${formatBytes(segment.storedBytes)}`;
    say(json ? JSON.stringify(segment) : text);
  }
  return EXIT.ok;
}

/** `peer-cache cache verify`: reads and verifies every block; 1 when some were damaged. */
export async function cacheVerify({ json = false }: { readonly json?: boolean }): Promise<number> {
  return await interruptible(async (signal) => {
    const { checkedBlocks, damagedBlocks } = await followCheck({ json, signal });
    const checked = formatCount(checkedBlocks, 'block');
    const result =
      damagedBlocks === 0
        ? 'all are right'
        : `${damagedBlocks} were damaged and are forgotten: they will be fetched again`;
    if (!json) say(`${checked} verified, ${result}`);
    return damagedBlocks === 0 ? EXIT.ok : EXIT.failed;
  });
}

async function followCheck({
  json,
  signal,
}: {
  readonly json: boolean;
  readonly signal: AbortSignal;
}): Promise<CacheCheckDone> {
  const { stderr } = process;
  using line = new ProgressLine(stderr);
  for await (const event of openClient().verify({ signal })) {
    if (json) say(JSON.stringify(event));
    if (event.event === 'failed') throw new AgentFailureError(event);
    if (event.event === 'done') return event;
    const { checkedSegments, segments, damagedBlocks } = event;
    const share = formatShare(segments === 0 ? 1 : checkedSegments / segments);
    const counts = `${checkedSegments} of ${formatCount(segments, 'segment')}`;
    if (stderr.isTTY && !json) line.show(`${share}  ${counts}, ${damagedBlocks} blocks damaged`);
  }
  throw new AgentGoneError();
}

async function pagesOf(client: CacheClient, most: number): Promise<CachePage> {
  const segments: CacheSegment[] = [];
  for (let after: string | undefined; ;) {
    const limit = Math.min(MOST_PER_PAGE, most - segments.length);
    const page = await client.list({ limit, after });
    segments.push(...page.segments);
    const { total, next } = page;
    if (next === undefined || segments.length >= most) return { segments, total, next };
    after = next;
  }
}

function openClient(): CacheClient {
  return new CacheClient(controlSocketPath(process.env));
}
