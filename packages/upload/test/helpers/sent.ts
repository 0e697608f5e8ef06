import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALWAYS } from '@peer-cache/bandwidth';
import { OriginHttp } from '@peer-cache/transport';
import type { ExecutionContext } from 'ava';
import { openLocalFile } from '../../src/local-file.ts';
import { uploadFile } from '../../src/upload-file.ts';
import type { UploadedFile, UploadOptions } from '../../src/upload-file.ts';
import type { UploadJourney, UploadSession } from '../../src/upload-journey.ts';
import { UploadProgress } from '../../src/upload-progress.ts';

export async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pc-upload-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface LocalContent {
  readonly path: string;
  readonly bytes: Buffer;
}

export async function fileOf(t: ExecutionContext, sizeBytes: number): Promise<LocalContent> {
  const path = join(await folderOf(t), 'file.bin');
  const bytes = randomBytes(sizeBytes);
  await writeFile(path, bytes);
  return { path, bytes };
}

export interface Sending {
  readonly uploaded: UploadedFile;
  readonly sessions: readonly UploadSession[];
  readonly progress: UploadProgress;
}

/** Sends a file, once. */
export async function send(
  path: string,
  target: string,
  changes: Partial<UploadJourney & UploadOptions> = {},
): Promise<Sending> {
  await using http = new OriginHttp();
  await using file = await openLocalFile(path);
  const sessions: UploadSession[] = [];
  const progress = new UploadProgress();
  const { protocol, session, ...rest } = changes;
  const journey: UploadJourney = {
    http,
    file,
    target,
    name: 'file.bin',
    progress,
    turn: ALWAYS,
    onSession: (next) => void sessions.push(next),
    signal: AbortSignal.timeout(30_000),
    leave: new AbortController().signal,
    ...rest,
  };
  return { uploaded: await uploadFile(journey, { protocol, session }), sessions, progress };
}
