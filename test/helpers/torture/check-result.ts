import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BLOCK_BYTES } from '@peer-cache/core';
import type { OriginContent } from '../flaky-origin.ts';
import { SENT_BY_PEERS } from '../flaky-peer.ts';
import type { SentLog } from '../sent-log.ts';
import type { PlannedJob, TorturePlan } from './torture-plan.ts';

export interface RoundParts {
  readonly plan: TorturePlan;
  readonly contents: ReadonlyMap<string, OriginContent>;
  readonly downloads: string;
  readonly sent: SentLog;
}

export interface RoundFacts {
  readonly seed: number;
  readonly ms: number;
  readonly kills: number;
  /** What the agent itself says it fetched, by the names of jobs. */
  readonly fetched: ReadonlyMap<string, number>;
}

/** What came of a round. */
export interface TortureResult extends RoundFacts {
  /** Each thing that is not as it must be. */
  readonly wrongs: readonly string[];
  readonly wantedBytes: number;
  /** What origin and peers sent beyond that. */
  readonly refetchedBytes: number;
  /** What kills and faults explain of it. */
  readonly allowedBytes: number;
}

/** Compares every byte of every file, looks for what was left behind, and counts what came twice. */
export async function checkResult(
  { plan, contents, downloads, sent }: RoundParts,
  facts: RoundFacts,
): Promise<TortureResult> {
  const wrongs: string[] = [];
  const names = plan.jobs.flatMap((job) => job.contents);
  const found = await readdir(downloads);
  const strange = found.filter((name) => !names.includes(name));
  if (strange.length > 0) wrongs.push(`left behind: ${strange.join(', ')}`);
  for (const job of plan.jobs) {
    for (const name of job.contents) {
      const expected = wantedOf(job, contents.get(name)?.bytes ?? Buffer.of());
      const bytes = await readFile(join(downloads, name)).catch(() => undefined);
      if (bytes === undefined) wrongs.push(`${name} is not there`);
      else if (!bytes.equals(expected)) wrongs.push(`${name} is wrong`);
    }
  }
  const counts = countRefetched({ plan, contents, sent });
  wrongs.push(...counts.wrongs, ...fetchedAgain({ plan, contents, sent }, facts));
  return { ...facts, ...counts, wrongs };
}

/** By the agent's own counters, which know nothing of what was sent and never read. */
function fetchedAgain(
  { plan, contents, sent }: Omit<RoundParts, 'downloads'>,
  { fetched }: RoundFacts,
): string[] {
  return plan.jobs.flatMap((job) => {
    const wantedBytes = job.contents.reduce((sum, name) => sum + neededOf(job, name, contents), 0);
    const names = new Set(job.contents);
    const isShared = job.contents.some((name) => contents.get(name)?.described !== undefined);
    if (isShared) names.add(SENT_BY_PEERS);
    const brokenBlocks = sent.brokenCount(names) * BLOCK_BYTES;
    const allowedBytes = sent.unjournaledBytes(names) + brokenBlocks;
    const againBytes = (fetched.get(job.name) ?? 0) - wantedBytes;
    const text = `${job.name} fetched ${againBytes} bytes again, ${allowedBytes} may have been`;
    return againBytes > allowedBytes ? [text] : [];
  });
}

function wantedOf({ ranges }: PlannedJob, bytes: Buffer): Buffer {
  if (ranges === undefined) return bytes;
  return Buffer.concat(ranges.map(({ startByte, endByte }) => bytes.subarray(startByte, endByte)));
}

/** One plain content each, and all that can be shared together: peers do not tell what they sent. */
function countRefetched({ plan, contents, sent }: Omit<RoundParts, 'downloads'>) {
  const all = plan.jobs.flatMap((job) => job.contents.map((name) => ({ name, job })));
  const isShared = (name: string): boolean => contents.get(name)?.described !== undefined;
  const shared = all.filter(({ name }) => isShared(name));
  const plain = all.filter(({ name }) => !isShared(name)).map((one) => [one]);
  const wrongs: string[] = [];
  const sums = { wantedBytes: 0, refetchedBytes: 0, allowedBytes: 0 };
  for (const group of [shared, ...plain]) {
    const names = new Set(group.map(({ name }) => name));
    if (group === shared) names.add(SENT_BY_PEERS);
    const wantedBytes = group.reduce(
      (sum, { name, job }) => sum + neededOf(job, name, contents),
      0,
    );
    const refetchedBytes = Math.max(0, sent.sentBytes(names) - wantedBytes);
    const allowedBytes = sent.lostBytes(names);
    sums.wantedBytes += wantedBytes;
    sums.refetchedBytes += refetchedBytes;
    sums.allowedBytes += allowedBytes;
    if (refetchedBytes <= allowedBytes) continue;
    const what = group === shared ? 'what is shared' : [...names].join();
    wrongs.push(`${refetchedBytes} bytes of ${what} came again, ${allowedBytes} may have`);
  }
  return { ...sums, wrongs };
}

/** What must be sent for a content: ranges come in whole blocks, content information on top. */
function neededOf(
  { ranges }: PlannedJob,
  name: string,
  contents: ReadonlyMap<string, OriginContent>,
): number {
  const { bytes, described } = contents.get(name) ?? { bytes: Buffer.of() };
  if (described !== undefined) return bytes.length + described.resource.length;
  if (ranges === undefined) return bytes.length;
  return ranges.reduce((sum, { startByte, endByte = bytes.length }) => {
    const first = Math.floor(startByte / BLOCK_BYTES);
    const last = Math.ceil(endByte / BLOCK_BYTES);
    return sum + Math.min(last * BLOCK_BYTES, bytes.length) - first * BLOCK_BYTES;
  }, 0);
}
