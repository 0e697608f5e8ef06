import { resolve } from 'node:path';
import { FOLDERS, logTo, untilToldToStop } from '@peer-cache/agent';
import { startOrigin } from '@peer-cache/origin';
import type { OriginOptions, UploadApplication } from '@peer-cache/origin';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { readText } from '../given-input.ts';
import { tell } from '../terminal.ts';

export interface OriginServeOptions {
  readonly host: string;
  readonly port: number;
  readonly public?: boolean;
  readonly uploads?: string;
  readonly uploadLimit?: number;
  readonly uploadQuota?: number;
  readonly uploadOverwrite?: boolean;
  readonly uploadNotify?: string;
  readonly uploadNotifyFile?: boolean;
  readonly uploadSecretFile?: string;
}

/** `peer-cache origin serve FOLDER`: serves a folder as an origin until it is told to stop. */
export async function originServe(folder: string, options: OriginServeOptions): Promise<ExitCode> {
  const log = logTo(1, 'info');
  const { host, port, public: isPublic = false } = options;
  const terms = { stateFolder: FOLDERS.origin, isPublic };
  const uploads = await uploadsOf(options);
  await using origin = await startOrigin({ log }, { folder, host, port, uploads, ...terms });
  tell(`serving ${folder} at ${origin.url}/ ; Ctrl-C stops`);
  if (uploads !== undefined)
    tell(`taking uploads into ${uploads.folder} at ${origin.url}/uploads/`);
  await untilToldToStop(log);
  return EXIT.ok;
}

async function uploadsOf(options: OriginServeOptions): Promise<OriginOptions['uploads']> {
  const { uploads: folder, uploadLimit, uploadQuota, uploadOverwrite } = options;
  if (folder === undefined) {
    const stray = Object.keys(options).find((name) => /^upload[A-Z]/.test(name));
    if (stray === undefined) return undefined;
    const flag = stray.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${flag} goes with --uploads FOLDER`);
  }
  return {
    folder: resolve(folder),
    mostBytes: uploadLimit,
    quotaBytes: uploadQuota,
    overwrite: uploadOverwrite,
    application: await applicationOf(options),
  };
}

async function applicationOf({
  uploadNotify: url,
  uploadNotifyFile = false,
  uploadSecretFile,
}: OriginServeOptions): Promise<UploadApplication | undefined> {
  if (url === undefined) {
    if (!uploadNotifyFile && uploadSecretFile === undefined) return undefined;
    throw new UsageError('--upload-notify-file and --upload-secret-file go with --upload-notify');
  }
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new UsageError('--upload-notify needs an http: or https: URL');
  }
  const text = uploadSecretFile === undefined ? undefined : await readText(uploadSecretFile);
  const secret = text?.trim();
  if (secret === '') throw new UsageError(`${uploadSecretFile} is empty`);
  return { url, mode: uploadNotifyFile ? 'value' : 'reference', secret };
}
