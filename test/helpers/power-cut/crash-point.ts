import type { DataOperation } from './file-content.ts';
import type { Inode, NameChange, Operation } from './operations.ts';

/**
 * How names get to the disk. `synced`: those in a folder that was synced afterwards, of the others
 * any, for POSIX promises no more. `in order`: as they were made, and with a file that is synced
 * all up to its own (as on ext4, where bytes may still come later than names).
 */
export type NamesRule = 'synced' | 'in order';

/** Names that changed together, and whether that is on the disk for certain. */
export interface NamesChanged {
  readonly changes: readonly NameChange[];
  readonly isSynced: boolean;
}

/** What was done to the bytes of a file, in order. */
export interface FileHistory {
  readonly synced: DataOperation[];
  readonly unsynced: DataOperation[];
}

/** What is on the disk for certain, and what may be, when the power goes after these operations. */
export class CrashPoint {
  readonly promises: readonly string[];
  readonly files: ReadonlyMap<Inode, FileHistory>;
  readonly #operations: readonly Operation[];
  /** Operations on an inode before this number are on the disk. */
  readonly #syncedBefore = new Map<Inode, number>();

  constructor(operations: readonly Operation[]) {
    this.#operations = operations;
    this.promises = operations.flatMap((each) => (each.kind === 'promise' ? [each.text] : []));
    for (const operation of operations) {
      if (operation.kind !== 'sync') continue;
      const { inode, before } = operation;
      this.#syncedBefore.set(inode, Math.max(this.#syncedBefore.get(inode) ?? 0, before));
    }
    this.files = this.#histories();
  }

  /** Every change of names, in order. */
  names(rule: NamesRule): NamesChanged[] {
    const lastSynced = rule === 'in order' ? this.#lastSyncedWithFile() : -1;
    return this.#operations.flatMap((operation, index) => {
      if (operation.kind !== 'names') return [];
      const { changes } = operation;
      return [{ changes, isSynced: index <= lastSynced || this.#isInSyncedFolder(changes, index) }];
    });
  }

  #lastSyncedWithFile(): number {
    return this.#operations.findLastIndex((operation, index) => {
      if (operation.kind !== 'names') return false;
      const { changes } = operation;
      const targets = changes.flatMap(({ target }) => target ?? []);
      return (
        targets.some((target) => this.#isSynced(target, index)) ||
        this.#isInSyncedFolder(changes, index)
      );
    });
  }

  /** One of two folders is enough: the two halves of a move go together. */
  #isInSyncedFolder(changes: readonly NameChange[], index: number): boolean {
    return changes.some(({ folder }) => this.#isSynced(folder, index));
  }

  #histories(): Map<Inode, FileHistory> {
    const files = new Map<Inode, FileHistory>();
    for (const [index, operation] of this.#operations.entries()) {
      if (operation.kind !== 'write' && operation.kind !== 'resize') continue;
      const history = files.get(operation.inode) ?? { synced: [], unsynced: [] };
      files.set(operation.inode, history);
      const isSynced = this.#isSynced(operation.inode, index);
      (isSynced ? history.synced : history.unsynced).push(operation);
    }
    return files;
  }

  #isSynced(inode: Inode, index: number): boolean {
    return index < (this.#syncedBefore.get(inode) ?? 0);
  }
}
