import type { Finder, FoundPeer, SegmentLookup } from '../../src/index.ts';

/** Everything that a search yields. */
export async function findAll(
  finder: Finder,
  lookups: readonly SegmentLookup[],
  signal: AbortSignal = AbortSignal.timeout(10_000),
): Promise<FoundPeer[]> {
  const found: FoundPeer[] = [];
  for await (const peer of finder.find(lookups, { signal })) found.push(peer);
  return found;
}
