import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UsageError } from './errors.ts';

/** Where a content goes: a file, or standard output. */
export type Output =
  | { readonly kind: 'file'; readonly path: string; readonly overwrite: boolean }
  | { readonly kind: 'stdout' };

export interface OutputOptions {
  /** What `-o` named: a file, an existing folder, or `-`. */
  readonly output?: string | undefined;
  readonly force?: boolean | undefined;
}

/** File systems take 255; what is written before it is renamed needs some for itself. */
const MOST_NAME_BYTES = 200;
/** Names that mean a device on Windows, with any extension. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * Decides where the content of a URL is written, as an absolute path. A named file is replaced; a
 * name that was made from the URL replaces nothing unless forced.
 *
 * @throws {UsageError} when the URL has no file name and none was given.
 */
export async function outputOf(
  url: string,
  { output, force = false }: OutputOptions,
): Promise<Output> {
  if (output === '-') return { kind: 'stdout' };
  if (output !== undefined && !(await isFolder(output))) {
    return { kind: 'file', path: resolve(output), overwrite: true };
  }
  const name = fileNameOf(url);
  if (name === undefined) throw new UsageError(`${url} has no file name; give one with -o FILE`);
  return { kind: 'file', path: resolve(join(output ?? '.', name)), overwrite: force };
}

/**
 * A harmless file name from the last part of a URL's path; undefined where nothing is left of it.
 * Whoever wrote the URL can't leave the folder, hide the file, or address a device with it.
 */
export function fileNameOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const decoded = decode(new URL(url).pathname);
  const lastPart = decoded.split(/[/\\]/).at(-1) ?? '';
  const visible = lastPart.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '');
  // Not at the front: hidden files. Not at the end: Windows drops them silently.
  const name = visible.replaceAll(/[<>:"|?*]/g, '_').replaceAll(/^[.\s]+|[.\s]+$/g, '');
  if (name === '') return undefined;
  return shortened(RESERVED.test(name) ? `_${name}` : name);
}

async function isFolder(path: string): Promise<boolean> {
  if (path.endsWith('/')) return true;
  const stats = await stat(path).catch(() => undefined);
  return stats?.isDirectory() ?? false;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // Not UTF-8: the name as it stands in the URL is as good as any.
    return path;
  }
}

/** Cuts the middle out of a name that is too long, so that its extension stays. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MOST_NAME_BYTES) return name;
  const characters = Array.from(name);
  const end = characters.slice(-16).join('');
  const startBytes = MOST_NAME_BYTES - Buffer.byteLength(end);
  let start = '';
  for (const character of characters) {
    if (Buffer.byteLength(start + character) > startBytes) break;
    start += character;
  }
  return start + end;
}
