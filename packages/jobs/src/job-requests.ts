import { constants } from 'node:fs';
import { access, lstat, stat } from 'node:fs/promises';
import { dirname, isAbsolute, normalize } from 'node:path';
import { isRate, LEAST_RATE } from '@peer-cache/bandwidth';
import { messageOf } from '@peer-cache/core';
import { FileExistsError, FileUnwritableError } from '@peer-cache/download';
import type {
  JobFileRequest,
  JobKind,
  JobSettings,
  RequestedRange,
  Retarget,
} from '@peer-cache/protocol';
import { shownUrl } from '@peer-cache/transport';
import { JobLimitError, JobRequestError } from './errors.ts';
import { DIGEST_NAMES, parseDigest } from './file/whole-digest.ts';
import type { FileRecord } from './records.ts';
import { checkSent, filesOfKind } from './upload-requests.ts';

/** How much one user may have the queue hold (LIM-01 to LIM-04). */
export interface QueueLimits {
  readonly mostJobs: number;
  readonly mostFiles: number;
  readonly mostRanges: number;
}

const MOST_NAME_CHARACTERS = 256;
const MOST_DESCRIPTION_CHARACTERS = 1024;
const MOST_URL_CHARACTERS = 2200;
const MOST_PATH_CHARACTERS = 4096;
/** As in BITS (TM-01): a smaller one is raised to it. */
const LEAST_RETRY_DELAY_SECONDS = 5;

/**
 * Settings that can be, with a retry delay that is not too short. `notifyTargets` are those that
 * the configuration has.
 *
 * @throws {JobRequestError}
 */
export function checkSettings(
  settings: JobSettings,
  notifyTargets: readonly string[],
): JobSettings {
  const { name, description, minimumRetryDelaySeconds, noProgressTimeoutSeconds } = settings;
  checkText('name', name, { least: 1, most: MOST_NAME_CHARACTERS });
  checkText('description', description, { least: 0, most: MOST_DESCRIPTION_CHARACTERS });
  checkSeconds('minimum retry delay', minimumRetryDelaySeconds);
  checkSeconds('no-progress timeout', noProgressTimeoutSeconds);
  checkSeconds('maximum download time', settings.maximumDownloadSeconds);
  if (settings.limit !== undefined && !isRate(settings.limit)) {
    const expected = `0 or at least ${LEAST_RATE} bytes per second, whole ones`;
    throw new JobRequestError(`the limit ${settings.limit} must be ${expected}`);
  }
  const { proxy, caFile } = settings.transport;
  if (proxy.use === 'explicit') checkUrl(proxy.url, 'proxy');
  if (caFile !== undefined) checkPath(caFile);
  const unknown = settings.notify.find((target) => !notifyTargets.includes(target));
  if (unknown !== undefined) {
    const known = notifyTargets.length === 0 ? 'there are none' : notifyTargets.join(', ');
    const advice = `add [notify.${unknown}] to the configuration, or name one that it has: ${known}`;
    throw new JobRequestError(`nobody is called ${unknown}; ${advice}`);
  }
  const leastDelay = Math.max(LEAST_RETRY_DELAY_SECONDS, minimumRetryDelaySeconds);
  return { ...settings, minimumRetryDelaySeconds: leastDelay };
}

/** What files of a job have to go with. */
export interface FileTerms {
  readonly kind: JobKind;
  readonly limits: QueueLimits;
  readonly settings: Pick<JobSettings, 'overwrite'>;
}

/**
 * Files as they may be added to those that the job has, with what is usual filled in: fetchable, and
 * with a place to go; or readable, and with one to be sent to.
 *
 * @throws {JobRequestError | JobLimitError | FileExistsError | FileUnwritableError}
 */
export async function checkFiles(
  asked: readonly JobFileRequest[],
  present: readonly FileRecord[],
  { kind, limits, settings }: FileTerms,
): Promise<readonly JobFileRequest[]> {
  const files = filesOfKind(kind, asked);
  if (present.length + files.length > limits.mostFiles) {
    throw new JobLimitError('files in a job', limits.mostFiles, 'jobs.most_files');
  }
  const paths = new Set(present.flatMap(placesOf).map((path) => normalize(path)));
  for (const file of files) {
    checkUrl(file.url, 'file');
    for (const mirror of file.mirrors ?? []) checkUrl(mirror, 'mirror');
    checkPath(file.path);
    for (const path of placesOf(file)) {
      checkPath(path);
      if (paths.has(normalize(path))) {
        throw new JobRequestError(`two files of the job would be ${path}; name another path`);
      }
      paths.add(normalize(path));
    }
    checkRanges(file, limits);
    checkDigest(file);
    const { upload } = file;
    const place = upload === undefined ? file.path : upload.replyPath;
    if (upload !== undefined) await checkSent(file.path);
    if (place !== undefined) await checkPlace(place, settings.overwrite);
  }
  return files;
}

/** Where something of the file is going to be written: what is sent is only read. */
function placesOf({ path, upload }: Pick<JobFileRequest, 'path' | 'upload'>): string[] {
  if (upload === undefined) return [path];
  return upload.replyPath === undefined ? [] : [upload.replyPath];
}

/** A file and the URL that it is to come from. */
export interface NewTarget {
  readonly index: number;
  readonly url: string;
}

/** The files whose URL changes, with the new one. @throws {JobRequestError} */
export function retargeted(files: readonly FileRecord[], retarget: Retarget): NewTarget[] {
  if ('fileIndex' in retarget) {
    const file = files[retarget.fileIndex];
    if (file === undefined) {
      throw new JobRequestError(
        `there is no file ${retarget.fileIndex}; the job has ${files.length}`,
      );
    }
    checkUrl(retarget.url, 'file');
    return [{ index: file.index, url: retarget.url }];
  }
  const { oldPrefix, newPrefix } = retarget;
  // Case-sensitive, like BITS (JOB-15).
  const matching = files.filter(({ url }) => url.startsWith(oldPrefix));
  if (oldPrefix === '' || matching.length === 0) {
    throw new JobRequestError(`no file's URL begins with ${JSON.stringify(shownUrl(oldPrefix))}`);
  }
  return matching.map(({ index, url }) => {
    const next = newPrefix + url.slice(oldPrefix.length);
    checkUrl(next, 'file');
    return { index, url: next };
  });
}

function checkText(what: string, text: string, { least, most }: { least: number; most: number }) {
  if (text.length >= least && text.length <= most) return;
  throw new JobRequestError(`the ${what} must have ${least} to ${most} characters`);
}

function checkSeconds(what: string, seconds: number): void {
  if (Number.isFinite(seconds) && seconds >= 0) return;
  throw new JobRequestError(`the ${what} must be a number of seconds, 0 or more`);
}

function checkUrl(url: string, what: string): void {
  const parsed = URL.parse(url);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new JobRequestError(`${shownUrl(url)} is no http: or https: URL`);
  }
  if (url.length > MOST_URL_CHARACTERS) {
    throw new JobRequestError(`a URL has at most ${MOST_URL_CHARACTERS} characters`);
  }
  if (parsed.username !== '' || parsed.password !== '') {
    const advice = 'give user and password as secrets of the job (--user, --password-stdin)';
    throw new JobRequestError(`the ${what} URL ${shownUrl(url)} has a password in it; ${advice}`);
  }
}

function checkPath(path: string): void {
  if (!isAbsolute(path)) throw new JobRequestError(`path ${path} is not absolute`);
  const isSane = path.length <= MOST_PATH_CHARACTERS && !path.includes('\0');
  if (!isSane || path.endsWith('/')) throw new JobRequestError(`${path} is no path of a file`);
}

function checkRanges({ ranges }: JobFileRequest, { mostRanges }: QueueLimits): void {
  if (ranges === undefined) return;
  if (ranges.length === 0) throw new JobRequestError('an empty list of ranges asks for nothing');
  if (ranges.length > mostRanges) {
    throw new JobLimitError('ranges in a file', mostRanges, 'jobs.most_ranges');
  }
  const sorted = ranges.toSorted((a, b) => a.startByte - b.startByte);
  for (const [index, range] of sorted.entries()) {
    if (!isRange(range)) throw new JobRequestError(`${shownRange(range)} is no range of bytes`);
    const previous = sorted[index - 1];
    if (previous === undefined || (previous.endByte ?? Infinity) <= range.startByte) continue;
    throw new JobRequestError(`ranges ${shownRange(previous)} and ${shownRange(range)} overlap`);
  }
}

function isRange({ startByte, endByte }: RequestedRange): boolean {
  const isStart = Number.isSafeInteger(startByte) && startByte >= 0;
  return (
    isStart && (endByte === undefined || (Number.isSafeInteger(endByte) && endByte > startByte))
  );
}

function shownRange({ startByte, endByte }: RequestedRange): string {
  return `${startByte}-${endByte ?? ''}`;
}

function checkDigest({ digest }: JobFileRequest): void {
  if (digest === undefined || parseDigest(digest) !== undefined) return;
  const names = DIGEST_NAMES.join(', ');
  throw new JobRequestError(`${digest} is no digest; give NAME:HEX with one of ${names}`);
}

/** Looked at now, so that whoever adds the file learns it, and again when it gets its name. */
async function checkPlace(path: string, overwrite: boolean): Promise<void> {
  const folder = dirname(path);
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error(`${folder} is no folder`);
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new FileUnwritableError(path, messageOf(cause), { cause });
  }
  const existing = await lstat(path).catch(() => undefined);
  if (existing === undefined) return;
  if (existing.isDirectory()) throw new FileUnwritableError(path, 'it is a folder');
  if (!overwrite) throw new FileExistsError(path);
}
