import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '@peer-cache/core';
import type { ExecutionContext } from 'ava';
import { Upload } from 'tus-js-client';
import { startOrigin } from '../../src/start-origin.ts';
import type { OriginOptions, RunningOrigin } from '../../src/start-origin.ts';
import { temporaryFolder } from './files.ts';

export interface UploadSite {
  readonly origin: RunningOrigin;
  /** Where uploads are created. */
  readonly url: string;
  /** Where they get their names. */
  readonly folder: string;
  readonly read: (name: string) => Promise<Buffer>;
}

/** An origin that takes uploads, until the test ends. */
export async function startUploads(
  t: ExecutionContext,
  options: Partial<NonNullable<OriginOptions['uploads']>> = {},
  base?: string,
): Promise<UploadSite> {
  const root = base ?? (await temporaryFolder(t));
  const [served, folder, stateFolder] = ['served', 'uploads', 'state'].map((name) =>
    join(root, name),
  );
  for (const each of [served, folder, stateFolder]) await mkdir(each ?? '', { recursive: true });
  const uploads = { folder: folder ?? '', ...options };
  const origin = await startOrigin(
    { log: silentLog },
    { folder: served ?? '', stateFolder: stateFolder ?? '', isPublic: false, uploads },
  );
  t.teardown(() => origin[Symbol.asyncDispose]());
  return {
    origin,
    url: `${origin.url}/uploads/`,
    folder: uploads.folder,
    read: (name) => readFile(join(uploads.folder, name)),
  };
}

/** Uploads by the client that others use; gives the URL, or throws what it was told. */
export async function uploadByTus(
  endpoint: string,
  filename: string,
  bytes: Buffer,
  headers: Record<string, string> = {},
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      endpoint,
      headers,
      retryDelays: null,
      metadata: { filename },
      onError: reject,
      onSuccess: () => resolve(upload.url ?? ''),
    });
    upload.start();
  });
}
