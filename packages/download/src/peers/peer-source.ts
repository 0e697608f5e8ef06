import { openSealed, SealBrokenError, asError } from '@peer-cache/core';
import type { BlockSource, FetchedBlock, FetchRunOptions, SegmentRun } from '../block-source.ts';
import type { SealedItem } from './frame-reader.ts';
import { Inbox } from './inbox.ts';
import type { Peer } from './peer-pool.ts';

/** A reason made once: without one, each abort would build an error with a stack. */
const DONE = new Error('the run is over');

/**
 * Blocks from a peer, opened with the segment's key. Opened is not verified: a peer may lie. Waits
 * up to `waitMs` for those that are on their way to the peer.
 */
export function peerSource(
  peer: Peer,
  { waitMs = 0 }: { readonly waitMs?: number } = {},
): BlockSource {
  let wasDamaged = false;
  return { name: peer.name, kind: 'peer', fetch };

  async function* fetch(
    { segment, firstBlock, count }: SegmentRun,
    { signal, onBytes }: FetchRunOptions,
  ): AsyncGenerator<FetchedBlock> {
    const arrived = new Inbox<SealedItem>();
    const leave = new AbortController();
    const ask = [{ segment, runs: [{ firstBlock, count }], wantsBlockHashList: false, wasDamaged }];
    const options = {
      waitMs,
      onBytes,
      onSealed: (_: number, item: SealedItem) => arrived.push(item),
      signal: AbortSignal.any([signal, leave.signal]),
    };
    const asked = peer
      .use((session) => session.blocks(ask, options), options)
      .then(
        () => arrived.end(),
        (error: unknown) => arrived.end(asError(error)),
      );
    try {
      for await (const { blockIndex, sealed, release } of arrived) {
        yield { blockIndex, bytes: openSealed(segment.keys, blockIndex, sealed), sealed, release };
      }
      wasDamaged = false;
    } catch (error) {
      wasDamaged = error instanceof SealBrokenError;
      throw error;
    } finally {
      leave.abort(DONE);
      await asked;
    }
  }
}
