import type { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finder, FoundPeer, PeerAddress } from '@peer-cache/discovery';

/** Finds nobody, at once. */
export const lonelyFinder: Finder = {
  name: 'nobody',
  async *find() {},
  neighbours: () => [],
  async [Symbol.asyncDispose]() {},
};

/** Finds these peers for whatever is looked up. */
export function finderOf(...addresses: readonly PeerAddress[]): Finder {
  return {
    name: 'given',
    async *find(): AsyncGenerator<FoundPeer> {
      for (const address of addresses) yield { address, holds: undefined };
    },
    neighbours: () => [],
    async [Symbol.asyncDispose]() {},
  };
}

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'peer-cache-'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
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

/** Resolves with the payload of the next event. */
export async function next<T>(emitter: EventEmitter, event: string): Promise<T> {
  return await new Promise((resolve) => emitter.once(event, resolve));
}
