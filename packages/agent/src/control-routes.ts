import { KIB, SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { JobControl } from '@peer-cache/jobs';
import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addCacheRoutes } from './control/cache-routes.ts';
import type { ControlledCache } from './control/cache-routes.ts';
import { addEventRoute } from './control/event-route.ts';
import { addJobRoutes } from './control/job-routes.ts';
import { KnownPaths } from './control/known-paths.ts';
import { addLogRoute } from './control/log-route.ts';
import { addOpenApiRoute, describeRoutes } from './control/open-api.ts';
import { refusalOf } from './control/refusals.ts';
import { schemaViolation } from './control/schema-violation.ts';
import { refuseStrangers } from './control/strangers.ts';
import { addTransferRoutes } from './control/transfer-routes.ts';
import type { FetchingAgent } from './control/transfer-routes.ts';
import { refuseUnreadable } from './control/unreadable-requests.ts';
import { ControlRequestError } from './errors.ts';
import type { LogRing } from './log/log-ring.ts';

/** What the control socket gives access to. */
export interface ControlledAgent extends FetchingAgent {
  readonly jobs: JobControl;
  readonly cache: ControlledCache;
}

export interface ControlParts {
  readonly agent: ControlledAgent;
  readonly log: Log;
  /** What `GET /v1/log` tells. */
  readonly records: LogRing;
}

export interface ControlOptions {
  /** How long a request may take to arrive; 10 seconds. */
  readonly requestTimeoutMs?: number;
}

const MOST_BODY_BYTES = 64 * KIB;
/** A name of 256 characters, each of them three bytes in percent-encoding. */
const MOST_PARAM_CHARACTERS = 256 * 9;

/** The control protocol as a Fastify instance that does not listen yet. */
export function createControlRoutes(
  { agent, log, records }: ControlParts,
  { requestTimeoutMs = 10 * SECOND_MS }: ControlOptions = {},
): FastifyInstance {
  const app = createApp(requestTimeoutMs);
  const known = new KnownPaths();
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) known.add(each, url);
  });
  app.addHook('onRequest', async (request) => refuseStrangers(request));
  app.addHook('preValidation', async (request) => refuseNeedlessBody(request));
  app.setNotFoundHandler((request, reply) => refuse(reply, unknownPath(request, reply, known)));
  app.setErrorHandler((error: Error, _request, reply) => {
    const { status } = refusalOf(error);
    if (status >= 500) log.error({ err: error }, 'control request failed');
    return refuse(reply, error);
  });
  describeRoutes(app);
  app.register(async (routes) => {
    addTransferRoutes(routes, agent);
    addJobRoutes(routes, agent.jobs);
    addEventRoute(routes, agent.jobs);
    addCacheRoutes(routes, agent.cache);
    addLogRoute(routes, records);
    addOpenApiRoute(routes);
  });
  return app;
}

function createApp(requestTimeoutMs: number): FastifyInstance {
  const app = Fastify({
    bodyLimit: MOST_BODY_BYTES,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: MOST_PARAM_CHARACTERS },
    // A request says exactly what it means, or is refused.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    schemaErrorFormatter: (errors, place) => schemaViolation(errors, place),
    // Who waits for a large file keeps its connection, but nobody keeps us from stopping.
    forceCloseConnections: true,
    requestTimeout: requestTimeoutMs,
    http: {
      // Refused like any other wrong Host, with a body that says so.
      requireHostHeader: false,
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.ceil(requestTimeoutMs / 4),
    },
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket),
    frameworkErrors: (error, _request, reply) => {
      refuse(reply, error);
    },
  });
  app.removeContentTypeParser('text/plain');
  // The answers are ours and of the types that their schemas are checked against.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  return app;
}

function refuseNeedlessBody({ body, is404, routeOptions }: FastifyRequest): void {
  const takesBody = is404 || routeOptions.schema?.body !== undefined;
  if (body !== undefined && body !== null && !takesBody) {
    throw new ControlRequestError(400, 'it takes no body');
  }
}

function unknownPath(
  { method, url }: FastifyRequest,
  reply: FastifyReply,
  known: KnownPaths,
): ControlRequestError {
  const [path = ''] = url.split('?');
  const methods = known.methodsAt(path);
  if (methods.length === 0) {
    return new ControlRequestError(404, `${path} is unknown here; GET /v1/openapi.json tells all`);
  }
  const allowed = methods.join(', ');
  reply.header('allow', allowed);
  return new ControlRequestError(405, `${path} takes ${allowed}, not ${method}`);
}

function refuse(reply: FastifyReply, error: Error): FastifyReply {
  const { status, failure } = refusalOf(error);
  return reply.code(status).send(failure);
}
