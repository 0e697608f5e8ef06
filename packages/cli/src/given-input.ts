import { readFile, stat } from 'node:fs/promises';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { FileUnreadableError, UsageError } from './errors.ts';

const OTHERS_MAY_READ = 0o077;

/** Standard input, which only one option can have. */
export class StandardInput {
  #takenBy: string | undefined;

  /** @throws {UsageError} when another option has it already. */
  async text(option: string): Promise<string> {
    if (this.#takenBy !== undefined) {
      throw new UsageError(
        `${this.#takenBy} and ${option} both read standard input; use a file for one of them`,
      );
    }
    this.#takenBy = option;
    return await text(process.stdin);
  }
}

/** @throws {FileUnreadableError} */
export async function readText(path: string): Promise<string> {
  return (await readBytes(path)).toString();
}

/** @throws {FileUnreadableError} */
export async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/**
 * Reads a file of passwords.
 *
 * @throws {UsageError} when others have rights to it
 * @throws {FileUnreadableError}
 */
export async function readPrivateText(path: string): Promise<string> {
  const { mode } = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if ((mode & OTHERS_MAY_READ) !== 0) {
    throw new UsageError(`others have rights to ${path}; take them away with chmod 600`);
  }
  return await readText(path);
}

function unreadable(path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FileUnreadableError(path, reason, { cause });
}
