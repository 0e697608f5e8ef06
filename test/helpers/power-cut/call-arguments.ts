import { resolve } from 'node:path';
import { bytesOf } from './strace-log.ts';
import type { SystemCall } from './strace-log.ts';

/** What may change a watched file without being seen, or in a way that isn't modelled. */
const NOT_MODELLED: Readonly<Record<string, RegExp>> = {
  copy_file_range: /^/,
  sendfile: /^/,
  splice: /^/,
  dup: /^/,
  dup2: /^/,
  dup3: /^/,
  symlink: /^/,
  symlinkat: /^/,
  mknodat: /^/,
  openat2: /^/,
  open: /O_SYNC|O_DSYNC|O_TMPFILE/,
  openat: /O_SYNC|O_DSYNC|O_TMPFILE/,
  mmap: /PROT_WRITE.*MAP_SHARED/,
  fcntl: /F_DUPFD/,
  ioctl: /CLONE|DEDUPE/,
  renameat2: /RENAME_EXCHANGE|RENAME_WHITEOUT/,
  fallocate: /PUNCH_HOLE|COLLAPSE|ZERO_RANGE|INSERT|UNSHARE/,
};

const MODELLED =
  'execve open openat creat close lseek write writev pwrite64 pwritev pwritev2 ftruncate truncate ' +
  'fallocate fsync fdatasync rename renameat renameat2 link linkat unlink unlinkat mkdir mkdirat rmdir';

/** The calls that the recorder must be told of. */
export const TRACED_CALLS: ReadonlySet<string> = new Set([
  ...MODELLED.split(' '),
  ...Object.keys(NOT_MODELLED),
]);

/** @throws {Error} always: the call, or what it is done to, isn't modelled */
export function refuse({ name, args }: SystemCall, what: string): never {
  throw new Error(`the recorder doesn't model ${name} ${what} (${args.join(', ')})`);
}

/** @throws {Error} for a call that must not happen to a watched file */
export function checkModelled(call: SystemCall): void {
  if (NOT_MODELLED[call.name]?.test(call.args.join(', '))) refuse(call, 'of a watched file');
}

/** The number of an open file: `3` of `3</path>`. */
export function fileNumberOf(argument: string | undefined): string | undefined {
  return /^(\d+)</.exec(argument ?? '')?.[1];
}

/** The paths that a call names, absolute. */
export function pathsOf({ args, strings }: SystemCall): string[] {
  const holes = args.flatMap((arg, index) => (arg === '""' ? [index] : []));
  return strings.map((hex, index) => {
    // What comes before a path is the folder it starts from, as `AT_FDCWD</path>` or `3</path>`.
    const [, folder = ''] = /<([^>]*)>$/.exec(args[(holes[index] ?? 0) - 1] ?? '') ?? [];
    return resolve(bytesOf(folder).toString(), bytesOf(hex).toString());
  });
}
