import { writeSync } from 'node:fs';

/** How a line of the program's output begins that is a promise. */
export const PROMISE = 'promise: ';

const STDOUT = 1;

/**
 * Said by a recorded program when something must survive a power cut from now on. One line; the
 * recorder sees it in order with the program's file operations.
 */
export function promised(what: string): void {
  writeSync(STDOUT, `${PROMISE}${what}\n`);
}
