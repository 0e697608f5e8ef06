import type { Ownership } from '@peer-cache/ownership';
import { fetchBlockHashList } from './block-hash-lists.ts';
import type { FetchBlockHashList } from './block-hash-lists.ts';
import { retrying } from './origin/retrying.ts';
import type { Swarm } from './peers/swarm.ts';
import type { Progress } from './progress.ts';
import type { BlocksAtHand, Resumption } from './resumption.ts';
import type { SegmentInHand } from './segments-in-hand.ts';
import type { Keeper } from './sinks/keeper.ts';

export interface OpeningParts {
  readonly swarm: Swarm;
  readonly ownership: Ownership;
  readonly contentId: string;
  /** Gives a segment's block hash list, unverified. */
  readonly listFromOrigin: FetchBlockHashList;
  readonly keeper: Keeper;
  readonly resumption: Resumption;
  readonly progress: Progress;
  /** Failures of the origin in a row that are borne; the default of its lane otherwise. */
  readonly mostFailures: number | undefined;
  /** Whether the store is to have the list. */
  readonly isShared: boolean;
  /** The store has it. */
  readonly onListKept: (segmentIndex: number) => void;
}

/**
 * Makes a segment ready to be worked on: its block hash list is here and verified, and what earlier
 * attempts left of it was compared with that. Gives the blocks that need not be fetched.
 */
export async function openSegment(
  inHand: SegmentInHand,
  parts: OpeningParts,
  { signal }: { readonly signal: AbortSignal },
): Promise<BlocksAtHand['blocks']> {
  const list = inHand.blockHashList ?? (await bringList(inHand, parts, { signal }));
  inHand.blockHashList = list;
  const { blocks, soundBytes } = await parts.resumption.blocksAtHand(inHand.segment.index, list, {
    signal,
  });
  parts.progress.resumed(soundBytes);
  return blocks;
}

async function bringList(
  { segment, stored }: SegmentInHand,
  { swarm, ownership, contentId, listFromOrigin, ...parts }: OpeningParts,
  { signal }: { readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const { keeper, mostFailures, isShared, onListKept } = parts;
  const fromOrigin: FetchBlockHashList = (each, options) =>
    retrying(() => listFromOrigin(each, options), { ...options, mostFailures });
  const list = await fetchBlockHashList(
    segment,
    { swarm, ownership, contentId, fromOrigin },
    { signal },
  );
  if (isShared && stored !== undefined) {
    await keeper.keepList(list, stored);
    onListKept(segment.index);
  }
  return list;
}
