import type { FileHandle } from 'node:fs/promises';
import type { Turn } from '@peer-cache/bandwidth';
import type { ContentSink, FetchedContent, FetchOptions, Progress } from '@peer-cache/download';
import { withFileErrors } from '@peer-cache/download';
import type { OriginHttp } from '@peer-cache/transport';
import { ValidationFailedError } from '../errors.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { FileLedger } from './file-ledger.ts';
import { openJobFile } from './job-file.ts';
import type { JobFile } from './job-file.ts';
import { packRanges } from './ranges-pack.ts';
import { removeTemporary, temporaryPath } from './temporary-file.ts';
import { digestOfFile, parseDigest } from './whole-digest.ts';

/** What brings a content to a sink: the downloader. */
export interface ContentFetcher {
  fetch(url: string, sink: ContentSink, options: FetchOptions): Promise<FetchedContent>;
}

export interface FileTransferParts {
  readonly fetcher: ContentFetcher;
  readonly ledger: FileLedger;
  readonly checkpoints: Checkpoints;
}

export interface FileTransferOptions {
  readonly turn: Turn;
  readonly progress: Progress;
  readonly isShared: boolean;
  readonly http: OriginHttp;
  /** Ends it at once; what is on the disk by then is kept. */
  readonly signal: AbortSignal;
  /** Ends it at the next block's edge. */
  readonly leave: AbortSignal;
}

/** Quick tries before the job's own retry delay: an origin that hiccups is no reason to wait long. */
const MOST_FAILURES = 2;

/**
 * Brings one file of a job to its temporary place, whole, checked and synced, and journals that.
 * Goes on where an earlier attempt at the same version of the content ended.
 *
 * @throws {PeerCacheError} of origin or disk; {@link ValidationFailedError} when the whole does not
 * have the digest that the job names
 */
export async function transferFile(
  { fetcher, ledger, checkpoints }: FileTransferParts,
  options: FileTransferOptions,
): Promise<void> {
  const { record } = ledger;
  const { progress, signal } = options;
  const doneBytes = (): number => progress.doneBytes;
  await using file = await openJobFile({ ledger, checkpoints, doneBytes, signal });
  const { turn, isShared, http, leave } = options;
  const fetchOptions = {
    turn,
    isShared,
    leave,
    signal,
    progress,
    mostFailures: MOST_FAILURES,
    http,
    mirrors: record.mirrors,
    ...(record.ranges === undefined ? {} : { ranges: record.ranges }),
  };
  const content = await fetcher.fetch(record.url, file, fetchOptions);
  await file.finish();
  await finish(ledger, file, content, signal);
}

/** From here on nothing more comes from elsewhere: the bytes are checked and get their final form. */
async function finish(
  ledger: FileLedger,
  { handle, temporary }: JobFile,
  content: FetchedContent,
  signal: AbortSignal,
): Promise<void> {
  const { record } = ledger;
  await withFileErrors(record.path, () => handle.truncate(content.sizeBytes));
  await checkDigest(ledger, handle, content, signal);
  const isPacked = record.ranges !== undefined;
  const packed = isPacked ? await pack(ledger, handle, content.sizeBytes) : undefined;
  const finished = packed?.handle ?? handle;
  try {
    await withFileErrors(record.path, async () => {
      await takeOverTime(finished, record.responseHeaders?.['last-modified']);
      await finished.sync();
    });
  } finally {
    await packed?.handle.close();
  }
  const sizeBytes = packed?.sizeBytes ?? content.sizeBytes;
  ledger.saveAnew({
    state: 'transferred',
    sizeBytes,
    doneBytes: sizeBytes,
    error: undefined,
    temporary: packed?.temporary ?? temporary,
  });
  if (packed !== undefined) await removeTemporary(temporaryPath(record.path, record));
}

async function checkDigest(
  ledger: FileLedger,
  handle: FileHandle,
  content: FetchedContent,
  signal: AbortSignal,
): Promise<void> {
  const wanted = parseDigest(ledger.record.digest ?? '');
  if (wanted === undefined) return;
  const isKnown = wanted.name === 'blake3' && content.digest !== undefined;
  const found = isKnown
    ? Buffer.from(content.digest ?? []).toString('hex')
    : await digestOfFile(handle, wanted.name, { signal });
  if (found === wanted.hex) return;
  // Nothing of it is worth keeping: it is another content, or nobody knows which part is wrong.
  ledger.saveAnew({ version: undefined, doneBytes: 0 });
  throw new ValidationFailedError(ledger.record.path, `${wanted.name}:${found}`);
}

async function pack(ledger: FileLedger, handle: FileHandle, contentBytes: number) {
  const { record } = ledger;
  const path = temporaryPath(record.path, record, 'packed');
  return await packRanges(handle, { path, ranges: record.ranges ?? [], contentBytes });
}

/** As BITS does (JOB-11): the file is as old as the origin says. */
async function takeOverTime(handle: FileHandle, lastModified: string | undefined): Promise<void> {
  const modifiedMs = Date.parse(lastModified ?? '');
  if (Number.isNaN(modifiedMs)) return;
  await handle.utimes(new Date(modifiedMs), new Date(modifiedMs));
}
