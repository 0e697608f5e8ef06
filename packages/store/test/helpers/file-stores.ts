import { join } from 'node:path';
import { MIB, silentLog } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { ExecutionContext } from 'ava';
import { openFileBlockStore } from '../../src/index.ts';
import type { BlockStore, FileBlockStoreOptions } from '../../src/index.ts';
import type { MadeSegment } from './segments.ts';

/** A log that keeps the messages of its warnings. */
export interface NotedLog extends Log {
  readonly warnings: string[];
}

export function notedLog(): NotedLog {
  const warnings: string[] = [];
  const warn = (_facts: object, message: string): void => void warnings.push(message);
  return { ...silentLog, warnings, warn };
}

/** Opens a store and closes it after the test, if the test has not. */
export async function openStore(
  t: ExecutionContext,
  options: Partial<FileBlockStoreOptions> & { readonly folder: string },
  { log = notedLog(), now = Date.now }: { readonly log?: Log; readonly now?: () => number } = {},
): Promise<BlockStore> {
  const store = await openFileBlockStore({ log, now }, { limitBytes: 256 * MIB, ...options });
  t.teardown(() => store[Symbol.asyncDispose]());
  return store;
}

export function segmentFile(folder: string, { key }: MadeSegment): string {
  return join(folder, 'segments', key.slice(0, 2), key);
}

export function indexFile(folder: string): string {
  return join(folder, 'index.db');
}
