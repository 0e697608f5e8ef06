import { openSealed, SealBrokenError } from '@peer-cache/core';
import type { BlockSource, FetchedBlock, SegmentRun } from './block-source.ts';
import { Inbox } from './inbox.ts';
import type { Peer } from './peer-pool.ts';

interface Sealed {
  readonly blockIndex: number;
  readonly sealed: Buffer;
}

/** Blocks from a peer, opened with the segment's key. Opened is not verified: a peer may lie. */
export function peerSource(peer: Peer): BlockSource {
  let wasDamaged = false;
  return { name: peer.name, kind: 'peer', fetch };

  async function* fetch(
    { segment, firstBlock, count }: SegmentRun,
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<FetchedBlock> {
    const arrived = new Inbox<Sealed>();
    const leave = new AbortController();
    const ask = [{ segment, runs: [{ firstBlock, count }], wantsBlockHashList: false, wasDamaged }];
    const options = {
      onSealed: (_: number, blockIndex: number, sealed: Buffer) =>
        arrived.push({ blockIndex, sealed }),
      signal: AbortSignal.any([signal, leave.signal]),
    };
    const asked = peer
      .use((session) => session.blocks(ask, options), options)
      .then(
        () => arrived.end(),
        (error: unknown) => arrived.end(error),
      );
    try {
      for await (const { blockIndex, sealed } of arrived) {
        yield { blockIndex, bytes: openSealed(segment.keys, blockIndex, sealed), sealed };
      }
      wasDamaged = false;
    } catch (error) {
      wasDamaged = error instanceof SealBrokenError;
      throw error;
    } finally {
      leave.abort();
      await asked;
    }
  }
}
