import { Readable } from 'node:stream';
import type {
  CacheCheckEvent,
  CacheCleared,
  CachePage,
  CachePin,
  CacheSegment,
  ControlPath,
} from '@peer-cache/protocol';
import type { FastifyInstance } from 'fastify';
import {
  CACHE_CHECK_EVENT,
  CACHE_CLEARED,
  CACHE_PAGE,
  CACHE_PIN,
  CACHE_SEGMENT,
} from './agent-schemas.ts';
import { describeRoute } from './describe-route.ts';
import { linesOf, NDJSON } from './json-lines.ts';
import { CACHE_LIST_QUERY, limitOf } from './query-schemas.ts';
import type { CacheListQuery } from './query-schemas.ts';
import { untilGone } from './until-gone.ts';

/** The store, as people look after it. */
export interface ControlledCache {
  /** A page of segments in order of their IDs, from the one after `after` on. */
  list(query: { readonly limit: number; readonly after?: string | undefined }): CachePage;
  /** Removes every segment that is neither pinned nor in use. */
  clear(): Promise<CacheCleared>;
  /**
   * Keeps a segment from being evicted, or no longer.
   *
   * @throws {SegmentNotFoundError | SegmentAmbiguousError}
   */
  setPinned(pin: CachePin): CacheSegment;
  /** Reads and verifies every block; the damaged ones are forgotten. */
  verify(options: { readonly signal: AbortSignal }): AsyncIterable<CacheCheckEvent>;
}

const CACHE: ControlPath = '/v1/cache';
const CLEAR: ControlPath = '/v1/cache/clear';
const PIN: ControlPath = '/v1/cache/pin';
const VERIFY: ControlPath = '/v1/cache/verify';

const LIST_SCHEMA = describeRoute({
  id: 'listCache',
  summary: 'Lists the segments in the store page by page, in order of their IDs.',
  query: CACHE_LIST_QUERY,
  answer: { description: 'A page of segments.', schema: CACHE_PAGE },
});
const CLEAR_SCHEMA = describeRoute({
  id: 'clearCache',
  summary: 'Removes every segment that is neither pinned nor in use.',
  answer: { description: 'What went, and what stays.', schema: CACHE_CLEARED },
});
const PIN_SCHEMA = describeRoute({
  id: 'pinSegment',
  summary: 'Keeps a segment from being evicted, or no longer.',
  body: CACHE_PIN,
  answer: { description: 'The segment as it is then.', schema: CACHE_SEGMENT },
});
const VERIFY_SCHEMA = describeRoute({
  id: 'verifyCache',
  summary: 'Reads and verifies every block in the store; whoever hangs up ends it.',
  answer: {
    description: 'How it goes, one event a line; the last is done or failed.',
    schema: CACHE_CHECK_EVENT,
    type: NDJSON,
  },
});

/** Adds all that is below `/v1/cache`. */
export function addCacheRoutes(app: FastifyInstance, cache: ControlledCache): void {
  app.get<{ Querystring: CacheListQuery }>(CACHE, { schema: LIST_SCHEMA }, ({ query }) =>
    cache.list({ limit: limitOf(query), after: query.after }),
  );
  app.post(CLEAR, { schema: CLEAR_SCHEMA }, () => cache.clear());
  app.post<{ Body: CachePin }>(PIN, { schema: PIN_SCHEMA }, ({ body }) => cache.setPinned(body));
  app.post(VERIFY, { schema: VERIFY_SCHEMA }, (_request, reply) => {
    const events = cache.verify({ signal: untilGone(reply) });
    return reply.type(NDJSON).send(Readable.from(linesOf(events)));
  });
}
