import {
  blockHashAt,
  BlockHashListMismatchError,
  BlockMismatchError,
  DEFAULT_SERVE_FOR_SECONDS,
  PeerCacheError,
  SECOND_MS,
  segmentKeysOf,
  verifyBlock,
  verifyBlockHashList,
} from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import {
  decodeKeepRequest,
  encodeKeepAnswer,
  MACHINE_KEEP_PATH,
  MalformedMessageError,
  MESSAGE_TYPE,
  MOST_KEEP_BYTES,
} from '@peer-cache/protocol';
import type { KeepAnswer, KeepRequest } from '@peer-cache/protocol';
import type { BlockStore, StoredSegment } from '@peer-cache/store';
import type { FastifyInstance } from 'fastify';
import type { Connections } from './connections.ts';
import { ServerBusyError } from './errors.ts';
import { Intake } from './intake.ts';
import type { ServerLimits } from './limits.ts';
import { bodyOf } from './message-body.ts';

export interface KeepParts {
  readonly connections: Connections;
  readonly limits: ServerLimits;
  readonly store: BlockStore;
  readonly log: Log;
  readonly wallNow: () => number;
}

/** A store without room has some again when a segment is evicted or a disk is cleaned. */
const STORE_RETRY_MS: number = 10 * SECOND_MS;

/**
 * Takes what users' agents fetched. Everything is verified from the segment's own hash on, so that
 * whoever comes can only add true blocks of segments whose content information he has; the ID under
 * which they are found is computed here and commits to them.
 */
export function addKeepRoute(app: FastifyInstance, parts: KeepParts): void {
  const intake = new Intake(parts.limits);
  app.post(MACHINE_KEEP_PATH, {
    bodyLimit: MOST_KEEP_BYTES,
    onRequest: async (request, reply) => {
      const { host } = parts.connections.demand(request.raw.socket);
      const bodyBytes = Number(request.headers['content-length'] ?? 0);
      reply.raw.once('close', intake.admit(Math.min(bodyBytes, MOST_KEEP_BYTES), host));
    },
    handler: async (request, reply) => {
      const answer = await keep(decodeKeepRequest(bodyOf(request)), parts);
      return reply.type(MESSAGE_TYPE).send(encodeKeepAnswer(answer));
    },
  });
}

async function keep(request: KeepRequest, parts: KeepParts): Promise<KeepAnswer> {
  using segment = open(request, parts);
  if (segment === undefined) return { hasBlockHashList: false, blocks: new Uint8Array() };
  const { blockHashList, blocks } = request;
  await stored(parts.log, async () => {
    if (blockHashList !== undefined) await segment.putBlockHashList(blockHashList);
    if (blocks.length > 0) await putBlocks(segment, request);
  });
  const hasBlockHashList = segment.blockHashList !== undefined;
  return { hasBlockHashList, blocks: segment.blocks.toBytes() };
}

/** Only a list that was checked makes a segment, and renews the time for which it is served. */
function open(request: KeepRequest, { store, wallNow }: KeepParts): StoredSegment | undefined {
  const { entry, sizeBytes, blockHashList } = request;
  if (blockHashList === undefined) return store.find(segmentKeysOf(entry).segmentId);
  const { segmentHash } = entry;
  trueOrMalformed(() => verifyBlockHashList(blockHashList, { segmentHash, sizeBytes }));
  const latestMs = wallNow() + DEFAULT_SERVE_FOR_SECONDS * SECOND_MS;
  return store.open({
    entry,
    sizeBytes,
    serveUntilMs: Math.min(request.serveUntilMs, latestMs),
  });
}

async function putBlocks(
  segment: StoredSegment,
  { sizeBytes, blocks }: KeepRequest,
): Promise<void> {
  const { blockHashList } = segment;
  if (blockHashList === undefined || segment.sizeBytes !== sizeBytes) return;
  const verified = blocks.map(({ blockIndex, bytes }) => ({
    block: trueOrMalformed(() =>
      verifyBlock(blockIndex, bytes, blockHashAt(blockHashList, blockIndex)),
    ),
  }));
  await segment.put(verified);
}

function trueOrMalformed<T>(verify: () => T): T {
  try {
    return verify();
  } catch (cause) {
    const isUntrue =
      cause instanceof BlockMismatchError || cause instanceof BlockHashListMismatchError;
    if (!isUntrue) throw cause;
    throw new MalformedMessageError('keep request', cause.message, { cause });
  }
}

/** A store that can't take more is no fault of who asks, and no news for each of them. */
async function stored(log: Log, put: () => Promise<void>): Promise<void> {
  try {
    await put();
  } catch (error) {
    if (!(error instanceof PeerCacheError) || error instanceof MalformedMessageError) throw error;
    log.debug({ error }, 'not kept for a user');
    throw new ServerBusyError(`the store (${error.code})`, STORE_RETRY_MS);
  }
}
