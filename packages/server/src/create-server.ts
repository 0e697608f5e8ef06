import type { Log } from '@peer-cache/core';
import { Board } from '@peer-cache/ownership';
import { HELLO_PATH, MOST_REQUEST_BYTES } from '@peer-cache/protocol';
import type { PeerIdentity } from '@peer-cache/protocol';
import type { BlockStore } from '@peer-cache/store';
import { errorCodes, fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { AnswerBuffers } from './answer-buffers.ts';
import { addBlocksRoute } from './blocks-route.ts';
import { ChangeWatch } from './change-watch.ts';
import { Connections } from './connections.ts';
import { Counters } from './counters.ts';
import type { ServerCounters } from './counters.ts';
import { refusalOf } from './demands.ts';
import { replyToError } from './error-reply.ts';
import { HelloRequiredError, RequestRefusedError } from './errors.ts';
import { addHelloRoute } from './hello-route.ts';
import { Hosts } from './hosts.ts';
import type { ServerLimits } from './limits.ts';
import { takeOnlyMessages } from './message-body.ts';
import { ProofCheck } from './proof-check.ts';
import { PacedAnswers } from './serving-pace.ts';
import type { ServingPace } from './serving-pace.ts';
import { addStateRoute } from './state-route.ts';

export interface ServerParts {
  readonly store: BlockStore;
  /** What this agent tells of its own downloads; nothing if not given. */
  readonly board?: Board;
  readonly identity: PeerIdentity;
  /** What answers to other machines wait for; nothing, if not given. */
  readonly pace?: ServingPace | undefined;
  readonly log: Log;
  /** Milliseconds of a clock that never jumps; the process's own where not given. */
  readonly now?: () => number;
}

/** Everything behind the sockets: routes, limits and counts. Listens nowhere by itself. */
export interface RequestHandler extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly connections: Connections;
  readonly counters: Counters;
  snapshot(): ServerCounters;
  /** How much of the limit answers may have in flight, from 0 to 1. */
  allow(share: number): void;
}

/** Routes beside those that every peer has. */
export interface MoreRoutes {
  /** Nothing is proved on these, so they need no hello. */
  readonly paths: readonly string[];
  readonly add: (
    app: FastifyInstance,
    shared: { readonly connections: Connections; readonly limits: ServerLimits },
  ) => void;
}

const NO_MORE: MoreRoutes = { paths: [], add: () => undefined };

/** Makes the routes and what they share. */
export async function createServer(
  { store, board = new Board(), identity, pace, log, now = () => performance.now() }: ServerParts,
  limits: ServerLimits,
  more: MoreRoutes = NO_MORE,
): Promise<RequestHandler> {
  const hosts = new Hosts(limits, now);
  const counters = new Counters();
  const connections = new Connections({ hosts, counters, now }, limits);
  const proofs = new ProofCheck(store, board);
  const changes = new ChangeWatch({ events: store.events, board, now });
  const buffers = new AnswerBuffers(limits);

  const parts = { connections, counters, log };
  const app = fastify({
    bodyLimit: MOST_REQUEST_BYTES,
    return503OnClosing: false,
    // Paths that can't be decoded: Fastify would repeat them to whoever asked.
    frameworkErrors: (error, _request, reply) => void replyToError(reply, error, parts),
  });
  takeOnlyMessages(app);
  refuseOthers(app, parts, [HELLO_PATH, ...more.paths]);
  addHelloRoute(app, { identity, connections, counters });
  addStateRoute(app, { connections, proofs, store, board, changes, now });
  const paced = new PacedAnswers(pace);
  addBlocksRoute(app, { connections, proofs, board, changes, buffers, counters, paced, now });
  more.add(app, { connections, limits });
  await app.ready();
  return {
    app,
    connections,
    counters,
    allow: (share) => buffers.allow(share),
    snapshot() {
      const { size } = connections;
      return counters.snapshot({ connections: size, bytesInFlight: buffers.bytesInFlight, hosts });
    },
    async [Symbol.asyncDispose]() {
      changes[Symbol.dispose]();
      connections[Symbol.dispose]();
      await app.close();
    },
  };
}

/** Looks at every request before its body is read; answers errors and unknown paths barely. */
function refuseOthers(
  app: FastifyInstance,
  parts: { readonly connections: Connections; readonly counters: Counters; readonly log: Log },
  pathsBeforeHello: readonly string[],
): void {
  const { connections, counters } = parts;
  app.addHook('onRequest', (request, reply, done) => {
    const connection = connections.demand(request.raw.socket);
    counters.requestBegun();
    connection.begin(reply.raw);
    const refusal = refusalOf(request, connection.local);
    if (refusal !== undefined) throw new RequestRefusedError(refusal);
    const needsHello = !pathsBeforeHello.includes(request.url);
    if (needsHello && !connection.hasNonces) throw new HelloRequiredError();
    done();
  });
  app.setErrorHandler((error, _request, reply) => replyToError(reply, error, parts));
  app.setNotFoundHandler((_request, reply) => {
    return replyToError(reply, new errorCodes.FST_ERR_NOT_FOUND(), parts);
  });
}
