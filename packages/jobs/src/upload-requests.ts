import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf } from '@peer-cache/core';
import type { JobFileRequest, JobKind, PartsPlan, UploadRequest } from '@peer-cache/protocol';
import { LocalFileUnreadableError } from '@peer-cache/upload';
import { JobRequestError } from './errors.ts';

const MOST_NAME_CHARACTERS = 1024;
/** What no server takes for the name of a file, or takes for another than was meant. */
// eslint-disable-next-line no-control-regex
const UNUSABLE = /[\u0000-\u001f\u007f\\]/;

/**
 * The files of a job of this kind, with what is usual filled in.
 *
 * @throws {JobRequestError} for what does not go with the kind
 */
export function filesOfKind(
  kind: JobKind,
  files: readonly JobFileRequest[],
): readonly JobFileRequest[] {
  if (kind !== 'download') return files.map((file) => uploaded(kind, file));
  if (files.some(({ upload }) => upload !== undefined)) {
    throw new JobRequestError('a job that brings files sends none; create one of kind upload');
  }
  return files;
}

function uploaded(kind: 'upload' | 'upload-reply', file: JobFileRequest): JobFileRequest {
  const { url, path, mirrors, ranges, digest, upload = {} } = file;
  if ([mirrors, ranges, digest].some((each) => each !== undefined)) {
    throw new JobRequestError('a file that is sent has no mirrors, ranges or digest');
  }
  const { name = basename(path), replyPath, s3, protocol } = upload;
  if (s3 === undefined && protocol === 's3') {
    throw new JobRequestError('protocol s3 goes by a plan: upload.s3 with the URLs of its parts');
  }
  if (s3 !== undefined) checkPlan(s3, url);
  checkName(name);
  if (kind === 'upload-reply') {
    return { url, path, upload: { ...upload, replyPath: replyPath ?? `${path}.reply` } };
  }
  if (replyPath !== undefined) {
    throw new JobRequestError('only a job of kind upload-reply has places for replies');
  }
  return { url, path, upload };
}

/** Looked at now, so that whoever adds the file learns it. @throws {LocalFileUnreadableError} */
export async function checkSent(path: string): Promise<void> {
  let isFile = false;
  try {
    await access(path, constants.R_OK);
    isFile = (await stat(path)).isFile();
  } catch (cause) {
    throw new LocalFileUnreadableError(path, messageOf(cause), { cause });
  }
  if (!isFile) throw new LocalFileUnreadableError(path, 'it is no regular file');
}

/** The name that the server may give a file. */
export function nameAtServer(path: string, { name }: UploadRequest): string {
  return name ?? basename(path);
}

/** Who signed them says where bytes may go; none of them may lead elsewhere than the file's own URL. */
function checkPlan({ partUrls, completeUrl }: PartsPlan, url: string): void {
  const own = URL.parse(url)?.origin;
  for (const each of [...partUrls, completeUrl]) {
    const parsed = URL.parse(each);
    if (parsed !== null && parsed.origin === own && parsed.username === '') continue;
    throw new JobRequestError(`all URLs of a plan must be at ${own}, without user or password`);
  }
}

function checkName(name: string): void {
  const parts = name.split('/');
  const isRelative = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (isRelative && !UNUSABLE.test(name) && name.length <= MOST_NAME_CHARACTERS) return;
  throw new JobRequestError(
    `${JSON.stringify(name)} can't be the name of a file at a server: give a relative path`,
  );
}
