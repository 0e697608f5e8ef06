import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { JobFileRequest, RequestedRange } from '@peer-cache/protocol';
import { shownUrl } from '@peer-cache/transport';
import { FolderMissingError, UsageError } from './errors.ts';
import { readText } from './given-input.ts';
import type { StandardInput } from './given-input.ts';
import { outputOf } from './output-path.ts';

/** Options that name files of a job. */
export interface FileOptions {
  readonly output?: string;
  readonly filesFrom?: string;
  readonly mirror?: readonly string[];
  readonly range?: readonly RequestedRange[];
  readonly digest?: string;
}

const COMMENT = /^\s*(?:#|$)/;

/**
 * The files that a command line names: one by its URL, or those of a list. Their folders exist.
 *
 * @throws {UsageError | FolderMissingError | FileUnreadableError}
 */
export async function filesOf(
  url: string | undefined,
  options: FileOptions,
  input: StandardInput,
): Promise<JobFileRequest[]> {
  const { filesFrom, output, mirror, range, digest } = options;
  if (filesFrom === undefined) {
    if (url === undefined) return [];
    return [
      {
        ...(await fileOf(url, output, mirror)),
        ...(range === undefined ? {} : { ranges: range }),
        ...(digest === undefined ? {} : { digest }),
      },
    ];
  }
  if ([url, mirror, range, digest].some((each) => each !== undefined)) {
    throw new UsageError(
      '--files-from goes with no URL, --mirror, --range or --digest; leave one out',
    );
  }
  const text = filesFrom === '-' ? await input.text('--files-from -') : await readText(filesFrom);
  return await listedFiles(text, { folder: output, list: filesFrom });
}

async function listedFiles(
  text: string,
  { folder, list }: { readonly folder: string | undefined; readonly list: string },
): Promise<JobFileRequest[]> {
  const files: JobFileRequest[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (COMMENT.test(line)) continue;
    const [url = '', path, ...mirrors] = line.split('\t');
    try {
      files.push(await fileOf(url.trim(), path === '' ? folder : (path ?? folder), mirrors));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`line ${index + 1} of ${list}: ${error.message}`, { cause: error });
    }
  }
  if (files.length === 0) throw new UsageError(`${list} names no files`);
  return files;
}

async function fileOf(
  url: string,
  output: string | undefined,
  mirrors: readonly string[] = [],
): Promise<JobFileRequest> {
  for (const each of [url, ...mirrors]) checkUrl(each);
  const target = await outputOf(url, { output });
  if (target.kind === 'stdout') {
    throw new UsageError('a job writes to files; peer-cache get -o - writes to standard output');
  }
  const folder = dirname(target.path);
  const stats = await stat(folder).catch(() => undefined);
  if (stats?.isDirectory() !== true) throw new FolderMissingError(folder);
  return {
    url,
    path: resolve(target.path),
    ...(mirrors.length === 0 ? {} : { mirrors }),
  };
}

/** @throws {UsageError} for what is no URL of a content, or has a password that others can see. */
export function checkUrl(url: string): void {
  const parsed = /^https?:\/\//i.test(url) ? URL.parse(url) : null;
  if (parsed === null) {
    throw new UsageError(`${shownUrl(url)} is no http: or https: URL; give the full address`);
  }
  if (parsed.username === '' && parsed.password === '') return;
  throw new UsageError(
    `${shownUrl(parsed)} has a user or password in it, which others can see; use --user NAME with --password-stdin`,
  );
}
