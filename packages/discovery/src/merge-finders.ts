import type { Log } from '@peer-cache/core';
import type { Finder, FoundPeer, PeerAddress, SegmentLookup } from './finder.ts';
import { FoundQueue } from './found-queue.ts';

export interface MergedFinderParts {
  readonly log: Log;
  /** The result owns them: they are disposed with it. */
  readonly finders: readonly Finder[];
}

/**
 * One finder of several: asks all at once and yields what is new, so a peer comes again only when
 * it turns out to hold more. One that fails is logged and doesn't end the others.
 */
export function mergeFinders({ log, finders }: MergedFinderParts): Finder {
  return {
    name: finders.map(({ name }) => name).join('+'),
    find: (lookups, options) => findByAll({ log, finders }, lookups, options),
    neighbours() {
      const all = finders.flatMap((finder) => finder.neighbours());
      return [...new Map(all.map((address) => [keyOf(address), address])).values()];
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(finders.map((finder) => finder[Symbol.asyncDispose]()));
    },
  };
}

async function* findByAll(
  { log, finders }: MergedFinderParts,
  lookups: readonly SegmentLookup[],
  { signal }: { signal: AbortSignal },
): AsyncGenerator<FoundPeer, void, void> {
  const left = new AbortController();
  const options = { signal: AbortSignal.any([signal, left.signal]) };
  const found = new FoundQueue<FoundPeer>();
  const asking = Promise.all(
    finders.map((finder) => forward(log, { finder, found }, () => finder.find(lookups, options))),
  ).finally(() => found.close());
  const news = new News();
  try {
    for await (const peer of found) {
      if (news.isNew(peer)) yield peer;
    }
  } finally {
    left.abort();
    await asking;
  }
}

/** Doesn't throw. */
async function forward(
  log: Log,
  { finder, found }: { finder: Finder; found: FoundQueue<FoundPeer> },
  find: () => AsyncIterable<FoundPeer>,
): Promise<void> {
  try {
    for await (const peer of find()) found.push(peer);
  } catch (error) {
    log.warn({ err: error, finder: finder.name }, 'finder failed');
  }
}

/** What was yielded already, by peer. */
class News {
  readonly #holdsByPeer = new Map<string, Set<number>>();

  /** Whether a peer, or something that it holds, is seen for the first time. */
  isNew({ address, holds = [] }: FoundPeer): boolean {
    const key = keyOf(address);
    const known = this.#holdsByPeer.get(key);
    const seen = known ?? new Set<number>();
    const countBefore = seen.size;
    for (const place of holds) seen.add(place);
    this.#holdsByPeer.set(key, seen);
    return known === undefined || seen.size > countBefore;
  }
}

function keyOf({ host, port }: PeerAddress): string {
  return `${host} ${port}`;
}
