import type {
  CacheCheckEvent,
  CacheCleared,
  CachePage,
  CachePin,
  CacheSegment,
} from '@peer-cache/protocol';
import type { BlockStore, SegmentFacts } from '@peer-cache/store';
import type { ControlledCache } from './control/cache-routes.ts';
import { failureOf } from './failure.ts';
import { SegmentAmbiguousError, SegmentNotFoundError } from './segment-errors.ts';

/** Often enough for a bar that moves, seldom enough to cost nothing. */
const EVENT_INTERVAL_MS = 100;

/** A store as commands look after it. */
export class StoreControl implements ControlledCache {
  readonly #store: BlockStore;

  constructor(store: BlockStore) {
    this.#store = store;
  }

  list({
    limit,
    after,
  }: {
    readonly limit: number;
    readonly after?: string | undefined;
  }): CachePage {
    const all = this.#segments();
    const rest = after === undefined ? all : all.filter(({ segmentId }) => segmentId > after);
    const segments = rest.slice(0, limit);
    const next = rest.length > limit ? segments.at(-1)?.segmentId : undefined;
    return { segments, total: all.length, next };
  }

  async clear(): Promise<CacheCleared> {
    const before = this.#store.segments();
    await this.#store.clear();
    const kept = new Set(this.#segments().map(({ segmentId }) => segmentId));
    const removed = before.filter(({ segmentId }) => !kept.has(hexOf(segmentId)));
    return {
      removedSegments: removed.length,
      freedBytes: removed.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
      keptSegments: kept.size,
    };
  }

  setPinned({ segmentId, isPinned }: CachePin): CacheSegment {
    const fitting = this.#store
      .segments()
      .filter((segment) => hexOf(segment.segmentId).startsWith(segmentId));
    const [found] = fitting;
    if (found === undefined) throw new SegmentNotFoundError(segmentId);
    if (fitting.length > 1) throw new SegmentAmbiguousError(segmentId, fitting.length);
    this.#store.setPinned(found.segmentId, isPinned);
    return { ...told(found), isPinned };
  }

  async *verify({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<CacheCheckEvent> {
    const counts = { checkedBlocks: 0, damagedBlocks: 0 };
    const all = this.#store.segments();
    let toldMs = performance.now();
    try {
      for (const [place, { segmentId }] of all.entries()) {
        const check = await this.#store.check(segmentId, { signal });
        counts.checkedBlocks += check?.checkedBlocks ?? 0;
        counts.damagedBlocks += check?.damagedBlocks ?? 0;
        if (performance.now() - toldMs < EVENT_INTERVAL_MS) continue;
        toldMs = performance.now();
        const checkedSegments = place + 1;
        yield { event: 'progress', ...counts, checkedSegments, segments: all.length };
      }
      yield { event: 'done', ...counts };
    } catch (error) {
      yield { event: 'failed', ...failureOf(error) };
    }
  }

  #segments(): CacheSegment[] {
    const segments = this.#store.segments().map((facts) => told(facts));
    return segments.toSorted((a, b) => (a.segmentId < b.segmentId ? -1 : 1));
  }
}

function told({ segmentId, ...facts }: SegmentFacts): CacheSegment {
  return { segmentId: hexOf(segmentId), ...facts };
}

function hexOf(segmentId: Uint8Array): string {
  return Buffer.from(segmentId).toString('hex');
}
