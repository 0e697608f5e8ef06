import type { Finder } from '@peer-cache/discovery';
import { createMemoryBlockStore } from '@peer-cache/store';
import type { BlockStore } from '@peer-cache/store';
import { Downloader } from '../../src/downloader.ts';

/** Finds nobody, at once. */
export const lonelyFinder: Finder = {
  name: 'nobody',
  async *find() {},
  neighbours: () => [],
  async [Symbol.asyncDispose]() {},
};

export function memoryStore(): BlockStore {
  return createMemoryBlockStore({}, { limitBytes: 2 ** 28 });
}

/** A downloader for one test, with a store of its own. */
export function lonelyDownloader(store: BlockStore = memoryStore()): Downloader {
  return new Downloader({ store, finder: lonelyFinder }, { discoveryWaitMs: 0 });
}

/** The same bytes for the same seed, so that a failure can be repeated. */
export function contentOf(sizeBytes: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  let state = seed >>> 0 || 1;
  for (let at = 0; at + 4 <= sizeBytes; at += 4) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state | 0, at);
  }
  return bytes;
}
