import { createHash } from 'node:crypto';
import { link, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { WATCHED_FOLDER } from './operations.ts';
import type { Inode, NameChange } from './operations.ts';

/**
 * What lies below a folder: by path, the bytes of a file, or undefined for a folder. Two names of
 * one file have the same buffer.
 */
export type FolderImage = ReadonlyMap<string, Buffer | undefined>;

/** The tree that comes of changes of names, in order, and of the bytes of files. */
export function folderImage(
  names: readonly NameChange[],
  content: (file: Inode) => Buffer,
): FolderImage {
  const folders = new Map<Inode, Map<string, Inode>>();
  const contents = new Map<Inode, Buffer>();
  for (const { folder, name, target } of names) {
    const inside = folders.get(folder) ?? new Map<string, Inode>();
    folders.set(folder, inside);
    if (target === undefined) inside.delete(name);
    else inside.set(name, target);
  }
  return new Map(below(WATCHED_FOLDER, ''));

  function contentOf(file: Inode): Buffer {
    const bytes = contents.get(file) ?? content(file);
    contents.set(file, bytes);
    return bytes;
  }

  function* below(folder: Inode, path: string): Generator<[string, Buffer | undefined]> {
    for (const [name, target] of folders.get(folder) ?? []) {
      const inner = join(path, name);
      yield [inner, target.isFolder ? undefined : contentOf(target)];
      if (target.isFolder) yield* below(target, inner);
    }
  }
}

/** The same for images that are the same. */
export function digestOf(image: FolderImage): string {
  const digest = createHash('sha256');
  for (const [path, bytes] of [...image].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    digest.update(`${path}\0${bytes?.length ?? 'folder'}\0`);
    if (bytes !== undefined) digest.update(bytes);
  }
  return digest.digest('hex');
}

/** The image of a folder that is there. */
export async function readImage(folder: string): Promise<FolderImage> {
  const image = new Map<string, Buffer | undefined>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    image.set(relative(folder, full), entry.isDirectory() ? undefined : await readFile(full));
  }
  return image;
}

/** Writes an image into an empty folder; everything is its owner's alone. */
export async function writeImage(image: FolderImage, folder: string): Promise<void> {
  const written = new Map<Buffer, string>();
  for (const [path, bytes] of image) {
    const full = join(folder, path);
    const otherName = bytes === undefined ? undefined : written.get(bytes);
    if (bytes === undefined) await mkdir(full, { mode: 0o700 });
    else if (otherName !== undefined) await link(otherName, full);
    else {
      await writeFile(full, bytes, { mode: 0o600 });
      written.set(bytes, full);
    }
  }
}
