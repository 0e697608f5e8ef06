import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { makeContent } from '../../bench/make-content.ts';
import { startNginxOn } from './nginx.ts';
import type { WanLink } from './wan-link.ts';

const runFile = promisify(execFile);
const SMALL_BYTES = 65_536;
const SEED = 1;
const SMALL_SEED = 2;

export interface ServedFile {
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/** What the origin has, made once for all runs. */
export interface ServedContent {
  readonly folder: string;
  readonly file: ServedFile;
  /** A content of one block. */
  readonly smallFile: ServedFile;
}

/** Makes a content, a small one, and their sidecars with the command as it is installed. */
export async function makeServedContent(
  folder: string,
  { bin, sizeBytes }: { readonly bin: string; readonly sizeBytes: number },
): Promise<ServedContent> {
  const served = join(folder, 'served');
  await mkdir(served, { recursive: true });
  const file = { name: 'image.bin', path: join(served, 'image.bin'), sizeBytes };
  const smallFile = { name: 'small.bin', path: join(served, 'small.bin'), sizeBytes: SMALL_BYTES };
  await makeContent(file.path, file.sizeBytes, SEED);
  await makeContent(smallFile.path, smallFile.sizeBytes, SMALL_SEED);
  await publish(served, { bin, home: folder });
  return { folder: served, file, smallFile };
}

/** Makes the sidecars of all that is in a folder, with the command as it is installed. */
export async function publish(
  folder: string,
  { bin, home }: { readonly bin: string; readonly home: string },
): Promise<void> {
  const env = { ...process.env, HOME: home, XDG_DATA_HOME: join(home, 'publisher') };
  await runFile(process.execPath, [bin, 'publish', folder], { env });
}

/** Starts the origin: nginx, as others use it too. */
export async function serveContent(
  { origin, originAddress }: WanLink,
  { folder }: Pick<ServedContent, 'folder'>,
  stateFolder: string,
): Promise<AsyncDisposable> {
  const http = `server { listen ${originAddress}:80; root ${folder}; }`;
  return await startNginxOn(origin, { folder: join(stateFolder, 'origin'), http });
}
