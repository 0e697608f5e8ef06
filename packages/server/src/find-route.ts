import { Readable } from 'node:stream';
import { SECOND_MS } from '@peer-cache/core';
import {
  decodeFindRequest,
  encodeFoundPeer,
  FOUND_TYPE,
  MACHINE_FIND_PATH,
  MOST_FOUND_PEERS,
} from '@peer-cache/protocol';
import type { LanLookup, LanPeer } from '@peer-cache/protocol';
import type { FastifyInstance } from 'fastify';
import { Allowance } from './admission.ts';
import type { Connections } from './connections.ts';
import { ServerBusyError } from './errors.ts';
import { bodyOf } from './message-body.ts';

/** A way to ask the LAN: what a finder of discovery is to this server. */
export interface LanFinder {
  find(
    lookups: readonly LanLookup[],
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<{
    readonly address: Pick<LanPeer, 'host' | 'port'>;
    readonly holds: LanPeer['holds'];
  }>;
}

/** Multicast takes under a second; a name server that a fixed peer needs may take longer. */
const LONGEST_FIND_MS: number = 5 * SECOND_MS;
/** What all users together may have asked on the LAN: an agent asks once in 10 s for a content. */
const FINDS_PER_SECOND = 32;
const BUSY_RETRY_MS = 500;

/** Asks the LAN for whoever asks here, and passes on each answer as it comes. */
export function addFindRoute(
  app: FastifyInstance,
  {
    connections,
    finder,
    now,
  }: {
    readonly connections: Connections;
    readonly finder: LanFinder;
    readonly now: () => number;
  },
): void {
  const allowance = new Allowance(FINDS_PER_SECOND, now);
  app.post(MACHINE_FIND_PATH, async (request, reply) => {
    const { lookups } = decodeFindRequest(bodyOf(request));
    if (allowance.isSpent) throw new ServerBusyError('finds', BUSY_RETRY_MS);
    // Nothing to find is a way to ask whether somebody is here, and costs nobody else anything.
    if (lookups.length > 0) allowance.spend(1);
    const { ending } = connections.demand(request.raw.socket);
    const left = new AbortController();
    reply.raw.once('close', () => left.abort());
    const limit = AbortSignal.timeout(LONGEST_FIND_MS);
    const signal = AbortSignal.any([ending, left.signal, limit]);
    return reply.type(FOUND_TYPE).send(Readable.from(answers(finder, lookups, signal)));
  });
}

async function* answers(
  finder: LanFinder,
  lookups: readonly LanLookup[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let count = 0;
  if (lookups.length === 0) return;
  for await (const { address, holds } of finder.find(lookups, { signal })) {
    const { host, port } = address;
    yield encodeFoundPeer({ host, port, holds });
    count++;
    if (count === MOST_FOUND_PEERS) return;
  }
}
