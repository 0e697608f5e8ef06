import {
  BLOCK_HASH_LIST_INDEX,
  openSealed,
  SECOND_MS,
  verifyBlockHashList,
} from '@peer-cache/core';
import { placeOfRun, ringDistance } from '@peer-cache/ownership';
import type { Ownership } from '@peer-cache/ownership';
import type { ContentSegment } from './block-source.ts';
import type { SealedItem } from './peers/frame-reader.ts';
import type { Member } from './peers/member.ts';
import type { Swarm } from './peers/swarm.ts';

/** What a list has for a run's index on the ring. */
const LIST_RUN = -1;
/** The owner of a list has so long to bring it, before the next in order fetches it. */
const LIST_TURN_MS = 0.7 * SECOND_MS;
/** Turns come with time, too. */
const LOOK_AGAIN_MS = 100;

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
    readonly ownership: Ownership;
    readonly contentId: string;
    readonly fromOrigin: FetchBlockHashList;
  },
  options: { signal: AbortSignal },
): Promise<Uint8Array> {
  const tried = new Set<Member>();
  const { swarm, ownership } = sources;
  let settledMs: number | undefined;
  for (;;) {
    options.signal.throwIfAborted();
    const member = swarm.members().find((each) => !tried.has(each) && offersList(each, segment));
    if (member === undefined) {
      if (swarm.isSettled) settledMs ??= performance.now();
      const waitedMs = performance.now() - (settledMs ?? Infinity);
      if (waitedMs >= turnsBefore(segment, ownership) * LIST_TURN_MS) break;
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

/** How many others would fetch the list first: it belongs to the nearest, as a run does. */
function turnsBefore({ index, keys }: ContentSegment, ownership: Ownership): number {
  const place = placeOfRun(keys.segmentId, LIST_RUN);
  const candidates = ownership.candidates(index);
  const self = candidates.find(({ neighbour }) => neighbour === undefined);
  if (self === undefined) return candidates.length;
  const mine = ringDistance(self.place, place);
  return candidates.filter((each) => ringDistance(each.place, place) < mine).length;
}

function offersList({ offers }: Member, { index }: ContentSegment): boolean {
  return offers.get(index)?.hasBlockHashList === true;
}

async function changed(swarm: Swarm, { signal }: { signal: AbortSignal }): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  swarm.once('changed', resolve);
  signal.addEventListener('abort', () => resolve(), { once: true });
  const timer = setTimeout(resolve, LOOK_AGAIN_MS).unref();
  await promise;
  clearTimeout(timer);
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
