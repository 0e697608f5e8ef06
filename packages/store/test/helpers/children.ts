import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BLOCK_BYTES, MIB } from '@peer-cache/core';
import type { ExecutionContext } from 'ava';

export const CHILD_SEGMENT_BYTES: number = 3 * BLOCK_BYTES + 99;
/** So little that the child evicts as it goes. */
export const CHILD_STORE_BYTES: number = 64 * MIB;

export interface StoreChild {
  /** What the child says, line by line. */
  readonly lines: AsyncIterator<string>;
  /** Ends it without a warning, and resolves when it is gone. */
  kill(): Promise<void>;
}

/** Another process that has the store in `folder` open, and writes to it with `write`. */
export function storeChild(
  t: ExecutionContext,
  folder: string,
  what: 'hold' | 'write',
): StoreChild {
  const script = join(import.meta.dirname, 'writing-child.ts');
  const child = spawn(process.execPath, [script, folder, what], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  t.teardown(kill);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { lines, kill };
}
