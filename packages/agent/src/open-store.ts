import { mkdir, statfs } from 'node:fs/promises';
import { MIB, PeerCacheError } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { GetWarned } from '@peer-cache/protocol';
import {
  createMemoryBlockStore,
  openFileBlockStore,
  StoreUnwritableError,
} from '@peer-cache/store';
import type { BlockStore } from '@peer-cache/store';
import type { Config } from './config/config.ts';
import type { StoreLimit } from './config/settings.ts';

/** Enough for a few segments in flight; what does not fit is fetched again when asked for again. */
const MEMORY_STORE_BYTES: number = 256 * MIB;

export interface OpenedStore {
  readonly store: BlockStore;
  /** Undefined for a store in memory. */
  readonly folder: string | undefined;
  readonly warnings: readonly GetWarned[];
}

/**
 * Opens the configured store.
 *
 * @throws {StoreInUseError | StoreUnwritableError | StoreFullError}
 */
export async function openOwnStore(
  log: Log,
  { folder, limit }: Config['store'],
): Promise<OpenedStore> {
  const limitBytes = await limitBytesOf(limit, folder);
  const store = await openFileBlockStore({ log }, { folder, limitBytes });
  return { store, folder, warnings: [] };
}

/** Opens the configured store, or one in memory with a warning that tells why. */
export async function openSomeStore(log: Log, options: Config['store']): Promise<OpenedStore> {
  try {
    return await openOwnStore(log, options);
  } catch (error) {
    if (!(error instanceof PeerCacheError)) throw error;
    const message = `${error.message}; what comes now is not kept`;
    log.warn({ code: error.code }, 'using a store in memory');
    const store = createMemoryBlockStore({}, { limitBytes: MEMORY_STORE_BYTES });
    return {
      store,
      folder: undefined,
      warnings: [{ event: 'warned', code: error.code, message }],
    };
  }
}

async function limitBytesOf(limit: StoreLimit, folder: string): Promise<number> {
  if ('bytes' in limit) return limit.bytes;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { blocks, bsize } = await statfs(folder);
    return Math.floor(blocks * bsize * limit.diskShare);
  } catch (cause) {
    throw new StoreUnwritableError(folder, { cause });
  }
}
