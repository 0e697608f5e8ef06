import { BLOCK_HASH_LIST_INDEX, openSealed, verifyBlockHashList } from '@peer-cache/core';
import type { ContentSegment } from './block-source.ts';
import type { SealedItem } from './peers/frame-reader.ts';
import type { Member, Swarm } from './peers/swarm.ts';

/** Gives the block hash list of a segment, unverified. */
export type FetchBlockHashList = (
  segment: ContentSegment,
  options: { signal: AbortSignal },
) => Promise<Uint8Array>;

/**
 * The block hash list of a segment, verified: an item like a block, so from the first peer that
 * offers it and gives it, and from the origin where no peer does.
 */
export async function fetchBlockHashList(
  segment: ContentSegment,
  sources: {
    readonly swarm: Swarm;
    readonly contentId: string;
    readonly fromOrigin: FetchBlockHashList;
  },
  options: { signal: AbortSignal },
): Promise<Uint8Array> {
  const tried = new Set<Member>();
  const { swarm } = sources;
  for (;;) {
    options.signal.throwIfAborted();
    const member = swarm.members().find((each) => !tried.has(each) && offersList(each, segment));
    if (member === undefined) {
      if (swarm.isSettled) break;
      await changed(swarm, options);
      continue;
    }
    tried.add(member);
    try {
      return await fromPeer(member, segment, options);
    } catch (error) {
      options.signal.throwIfAborted();
      member.peer.conduct.failed(error, sources.contentId);
    }
  }
  const list = await sources.fromOrigin(segment, options);
  verifyList(segment, list);
  return list;
}

function offersList({ offers }: Member, { index }: ContentSegment): boolean {
  return offers.get(index)?.hasBlockHashList === true;
}

async function changed(swarm: Swarm, { signal }: { signal: AbortSignal }): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  swarm.once('changed', resolve);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  swarm.off('changed', resolve);
}

async function fromPeer(
  { peer }: Member,
  segment: ContentSegment,
  { signal }: { signal: AbortSignal },
): Promise<Uint8Array> {
  let sealed: Buffer | undefined;
  const ask = { segment, runs: [], wantsBlockHashList: true, wasDamaged: false };
  const onSealed = (_index: number, item: SealedItem): void => {
    sealed = item.sealed;
  };
  await peer.use((session) => session.blocks([ask], { onSealed, signal }), { signal });
  // A peer that has none after all gives no frame: an empty list, which fails the check below.
  const list = sealed && openSealed(segment.keys, BLOCK_HASH_LIST_INDEX, sealed);
  verifyList(segment, list ?? new Uint8Array());
  return list ?? new Uint8Array();
}

function verifyList({ entry, sizeBytes, index }: ContentSegment, list: Uint8Array): void {
  verifyBlockHashList(list, { segmentHash: entry.segmentHash, sizeBytes, index });
}
