import { readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { isMissing } from './errors.ts';
import { makeFolder } from './file-io.ts';
import { OpenFile } from './open-file.ts';
import type { FileLease } from './open-file.ts';

/** Enough for every transfer under way, far below the 1,024 that many systems allow a process. */
const OPEN_FILES = 128;
const SEGMENT_FILE = /^[0-9a-f]{32}$/;
const SUBFOLDER = /^[0-9a-f]{2}$/;

/**
 * The segment files of a store folder: one a segment, named by its ID, in a subfolder by the first
 * byte of it. The hot ones stay open.
 */
export class SegmentFiles implements AsyncDisposable {
  readonly #folder: string;
  readonly #open: LRUCache<string, OpenFile>;
  readonly #closing = new Set<Promise<void>>();
  /** Files that are being removed or renamed; whoever wants such a name waits. */
  readonly #moving = new Map<string, Promise<void>>();

  private constructor(folder: string) {
    this.#folder = folder;
    this.#open = new LRUCache({ max: OPEN_FILES, dispose: (file) => this.#close(file) });
  }

  /** Makes the folder where it doesn't exist yet. */
  static async openFolder(folder: string): Promise<SegmentFiles> {
    await makeFolder(folder);
    return new SegmentFiles(folder);
  }

  /** The keys of all segment files that are there. */
  async keys(): Promise<Set<string>> {
    const entries = await readdir(this.#folder, { withFileTypes: true });
    const subfolders = entries.filter((entry) => entry.isDirectory() && SUBFOLDER.test(entry.name));
    const names = await Promise.all(
      subfolders.map(({ name }) => readdir(join(this.#folder, name))),
    );
    return new Set(names.flat().filter((name) => SEGMENT_FILE.test(name)));
  }

  /** The segment's file to read and write, made if `isNew` and it isn't there. */
  async lease(key: string, { isNew }: { readonly isNew: boolean }): Promise<FileLease> {
    for (let move = this.#moving.get(key); move !== undefined; move = this.#moving.get(key)) {
      await move;
    }
    try {
      return await this.#leaseFrom(key, this.#open.get(key) ?? this.#openFile(key, false));
    } catch (error) {
      if (!isNew || !isMissing(error)) throw error;
    }
    await makeFolder(dirname(this.#path(key)));
    return this.#leaseFrom(key, this.#openFile(key, true));
  }

  /** Deletes the segment's file, if there is one, once nobody uses it any more. */
  remove(key: string): Promise<void> {
    return this.#move([key], async () => rm(this.#path(key), { force: true }));
  }

  /** Makes one segment's file another's: writing over its pages is faster than asking for new ones. */
  recycle(fromKey: string, toKey: string): Promise<void> {
    return this.#move([fromKey, toKey], async () => {
      await makeFolder(dirname(this.#path(toKey)));
      await rename(this.#path(fromKey), this.#path(toKey)).catch((error: unknown) => {
        // It was deleted from outside: then the other one starts with a fresh file.
        if (!isMissing(error)) throw error;
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#moving.values());
    this.#open.clear();
    await Promise.all(this.#closing);
  }

  #openFile(key: string, isNew: boolean): OpenFile {
    const open = new OpenFile(this.#path(key), { isNew });
    this.#open.set(key, open);
    return open;
  }

  async #leaseFrom(key: string, open: OpenFile): Promise<FileLease> {
    try {
      return await open.lease();
    } catch (error) {
      // Not kept: the next attempt may find a disk with room, or a file.
      if (this.#open.peek(key) === open) this.#open.delete(key);
      throw error;
    }
  }

  #path(key: string): string {
    return join(this.#folder, key.slice(0, 2), key);
  }

  #close(file: OpenFile): void {
    const closing = file.retire();
    this.#closing.add(closing);
    void closing.then(() => this.#closing.delete(closing));
  }

  #move(keys: readonly string[], work: () => Promise<void>): Promise<void> {
    const earlier = keys.map((key) => this.#moving.get(key));
    const closed = keys.map((key) => this.#retire(key));
    const moved = Promise.all([...earlier, ...closed]).then(work);
    // The caller hears of a failure; those who wait for the name only need it to be over.
    const over = moved.catch(() => {});
    for (const key of keys) this.#moving.set(key, over);
    return moved.finally(() => {
      for (const key of keys) if (this.#moving.get(key) === over) this.#moving.delete(key);
    });
  }

  #retire(key: string): Promise<void> | undefined {
    const file = this.#open.peek(key);
    this.#open.delete(key);
    return file?.retire();
  }
}
