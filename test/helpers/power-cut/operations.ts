/** A file or folder below the watched one, whatever its names are; 0 is the watched one itself. */
export interface Inode {
  readonly id: number;
  readonly isFolder: boolean;
}

/** A name in a folder comes to stand for another inode, or for none. */
export interface NameChange {
  readonly folder: Inode;
  readonly name: string;
  readonly target: Inode | undefined;
}

/** What a program did to the watched folder, or said about it. */
export type Operation =
  | {
      readonly kind: 'write';
      readonly inode: Inode;
      readonly startByte: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'resize'; readonly inode: Inode; readonly sizeBytes: number }
  /** Made, renamed or removed: either all of it happens or nothing. */
  | { readonly kind: 'names'; readonly call: string; readonly changes: readonly NameChange[] }
  /** Puts on the disk what was done to the inode by the operations before number `before`. */
  | { readonly kind: 'sync'; readonly inode: Inode; readonly before: number }
  | { readonly kind: 'promise'; readonly text: string };

/** What a program did to a folder and promised, in the order in which it was done. */
export interface Recording {
  readonly operations: readonly Operation[];
}

export const WATCHED_FOLDER: Inode = { id: 0, isFolder: true };

/** An operation in a few words, for whoever looks into a failure. */
export function describeOperation(operation: Operation): string {
  const { kind } = operation;
  if (kind === 'promise') return `promise "${operation.text}"`;
  if (kind === 'names')
    return `${operation.call} ${operation.changes.map(describeChange).join(', ')}`;
  const file = `#${operation.inode.id}`;
  if (kind === 'sync') return `sync ${file}`;
  if (kind === 'resize') return `resize ${file} to ${operation.sizeBytes}`;
  return `write ${file} ${operation.startByte}+${operation.bytes.length}`;
}

function describeChange({ folder, name, target }: NameChange): string {
  const to = target === undefined ? 'nothing' : `#${target.id}`;
  return `#${folder.id}/${name} = ${to}`;
}
