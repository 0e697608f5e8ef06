import { blockCount, HOUR_MS, silentLog } from '@peer-cache/core';
import { Board } from '@peer-cache/ownership';
import { PeerIdentity } from '@peer-cache/protocol';
import type { StoredSegment } from '@peer-cache/store';
import type { ExecutionContext } from 'ava';
import { startServer } from '../../src/index.ts';
import type { ListenAddress, PeerServer, ServerLimits, ServingPace } from '../../src/index.ts';
import type { TestSegment } from './content.ts';
import { NotedStore } from './noted-store.ts';
import { RawPeer } from './raw-peer.ts';

export interface Serving {
  readonly server: PeerServer;
  readonly store: NotedStore;
  readonly board: Board;
  readonly identity: PeerIdentity;
  readonly address: ListenAddress;
  /** A caller that has not said hello. */
  readonly connect: (localAddress?: string) => Promise<RawPeer>;
  /** A caller that has. */
  readonly peer: (localAddress?: string) => Promise<RawPeer>;
}

/** A server on loopback and callers for it, all gone when the test ends. */
export async function serve(
  t: ExecutionContext,
  limits: Partial<ServerLimits> = {},
  pace?: ServingPace,
): Promise<Serving> {
  const stack = new AsyncDisposableStack();
  t.teardown(() => stack.disposeAsync());
  const store = stack.use(new NotedStore());
  const board = new Board();
  const identity = new PeerIdentity(Buffer.alloc(32, 3));
  const addresses = [{ host: '127.0.0.1', port: 0 }];
  const server = stack.use(
    await startServer({ store, board, identity, pace, log: silentLog }, { addresses, limits }),
  );
  const [address = { host: '', port: 0 }] = server.addresses;
  const connect = async (localAddress?: string): Promise<RawPeer> =>
    stack.use(await RawPeer.open(address, localAddress));
  return {
    server,
    store,
    board,
    identity,
    address,
    connect,
    peer: async (localAddress) => {
      const peer = await connect(localAddress);
      await peer.hello();
      return peer;
    },
  };
}

/** Puts a segment into the store, with these blocks or all, and its block hash list; held open. */
export async function hold(
  store: NotedStore,
  segment: TestSegment,
  blocks: readonly number[] = [...Array(blockCount(segment.sizeBytes)).keys()],
): Promise<StoredSegment> {
  const { entry, sizeBytes, blockHashList } = segment;
  const stored = store.open({ entry, sizeBytes, serveUntilMs: Date.now() + HOUR_MS });
  await stored.putBlockHashList(blockHashList);
  await put(stored, segment, blocks);
  return stored;
}

/** Puts these blocks of a segment into the store. */
export async function put(
  stored: StoredSegment,
  segment: TestSegment,
  blocks: readonly number[],
): Promise<void> {
  await stored.put(blocks.map((blockIndex) => ({ block: segment.block(blockIndex) })));
}
