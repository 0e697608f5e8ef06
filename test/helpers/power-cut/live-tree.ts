import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { WATCHED_FOLDER } from './operations.ts';
import type { Inode, NameChange } from './operations.ts';

/** A name below the watched folder, and what it stands for now. */
export interface Place {
  readonly folder: Inode;
  readonly name: string;
  readonly target: Inode | undefined;
}

/** The names below the watched folder as the running program sees them. */
export class LiveTree {
  readonly #root: string;
  readonly #folders = new Map<Inode, Map<string, Inode>>([[WATCHED_FOLDER, new Map()]]);
  #nextId = 1;

  constructor(root: string) {
    this.#root = root;
  }

  /** Where a path leads; undefined for one that isn't below the watched folder. */
  place(path: string): Place | undefined {
    if (!this.holds(path)) return undefined;
    const folder = this.folder(dirname(path));
    const name = basename(path);
    return { folder, name, target: this.#folders.get(folder)?.get(name) };
  }

  /** The file or folder of a path, be it the watched one; undefined when it isn't there. */
  find(path: string): Inode | undefined {
    return resolve(path) === this.#root ? WATCHED_FOLDER : this.place(path)?.target;
  }

  holds(path: string): boolean {
    const inner = relative(this.#root, path);
    return inner !== '' && inner !== '..' && !inner.startsWith(`..${sep}`) && !isAbsolute(inner);
  }

  /** @throws {Error} when the folder wasn't made while we watched */
  folder(path: string): Inode {
    const found = this.find(path);
    if (found?.isFolder === true) return found;
    throw new Error(`the recorder never saw the folder ${path} being made`);
  }

  create(isFolder: boolean): Inode {
    const inode = { id: this.#nextId++, isFolder };
    if (isFolder) this.#folders.set(inode, new Map());
    return inode;
  }

  apply(changes: readonly NameChange[]): void {
    for (const { folder, name, target } of changes) {
      const names = this.#folders.get(folder);
      if (target === undefined) names?.delete(name);
      else names?.set(name, target);
    }
  }
}
