import { isAbsolute } from 'node:path';
import { Readable } from 'node:stream';
import { KIB } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type {
  AgentStatus,
  ControlPath,
  Failure,
  GetEvent,
  GetRequest,
  StreamRequest,
} from '@peer-cache/protocol';
import Fastify from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ControlRequestError } from './errors.ts';
import { failureOf } from './failure.ts';

/** What the control socket gives access to. */
export interface ControlledAgent {
  status(): AgentStatus;
  get(request: GetRequest, options: { readonly signal: AbortSignal }): AsyncIterable<GetEvent>;
  stream(
    request: StreamRequest,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<GetEvent | Uint8Array>;
}

const STATUS: ControlPath = '/v1/status';
const GET: ControlPath = '/v1/get';
const STREAM: ControlPath = '/v1/stream';

const MOST_BODY_BYTES = 64 * KIB;
const MOST_URL_CHARACTERS = 16 * KIB;
const MOST_PATH_CHARACTERS = 4 * KIB;

const URL_SCHEMA = Type.String({ minLength: 1, maxLength: MOST_URL_CHARACTERS });
const GET_SCHEMA = Type.Object(
  {
    url: URL_SCHEMA,
    path: Type.String({ minLength: 1, maxLength: MOST_PATH_CHARACTERS }),
    overwrite: Type.Boolean(),
  },
  { additionalProperties: false },
);
const STREAM_SCHEMA = Type.Object({ url: URL_SCHEMA }, { additionalProperties: false });

/** The control protocol as a Fastify instance that does not listen yet. */
export function createControlRoutes(agent: ControlledAgent, log: Log): FastifyInstance {
  const app = Fastify({
    bodyLimit: MOST_BODY_BYTES,
    // A request says exactly what it means, or is refused.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    // Who waits for a large file keeps its connection, but nobody keeps us from stopping.
    forceCloseConnections: true,
  });
  app.removeContentTypeParser('text/plain');
  app.get(STATUS, () => agent.status());
  app.post<{ Body: GetRequest }>(GET, { schema: { body: GET_SCHEMA } }, (request, reply) => {
    const { path } = request.body;
    if (!isAbsolute(path)) throw new ControlRequestError(400, `path ${path} is not absolute`);
    const events = agent.get(request.body, { signal: untilGone(reply) });
    return reply.type('application/x-ndjson').send(Readable.from(lines(events)));
  });
  app.post<{ Body: StreamRequest }>(
    STREAM,
    { schema: { body: STREAM_SCHEMA } },
    (request, reply) => {
      const parts = agent.stream(request.body, { signal: untilGone(reply) });
      const type = 'application/vnd.peer-cache.stream';
      return reply.type(type).send(Readable.from(frames(parts)));
    },
  );
  app.setNotFoundHandler((request, reply) => refuse(reply, unknownPath(request)));
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const refusal = refusalOf(error);
    if (refusal.status >= 500) log.error({ err: error }, 'control request failed');
    return refuse(reply, refusal);
  });
  return app;
}

/** Aborted when the caller hangs up: what it asked for is not wanted any more. */
function untilGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}

async function* lines(events: AsyncIterable<GetEvent>): AsyncGenerator<string> {
  for await (const event of events) yield `${JSON.stringify(event)}\n`;
}

async function* frames(parts: AsyncIterable<GetEvent | Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    const isContent = part instanceof Uint8Array;
    const payload = isContent ? part : Buffer.from(JSON.stringify(part));
    const header = Buffer.alloc(5);
    header.writeUInt8(isContent ? 0 : 1);
    header.writeUInt32BE(payload.length, 1);
    yield header;
    yield payload;
  }
}

function unknownPath({ method, url }: FastifyRequest): ControlRequestError {
  const [path = ''] = url.split('?');
  const known = `GET ${STATUS}, POST ${GET} and POST ${STREAM}`;
  return new ControlRequestError(404, `${method} ${path} is unknown here; known are ${known}`);
}

function refusalOf(error: FastifyError): Failure & { readonly status: number } {
  if (error instanceof ControlRequestError) return { ...failureOf(error), status: error.status };
  const { statusCode = 500 } = error;
  if (statusCode >= 500) return { ...failureOf(error), status: 500 };
  const refusal = new ControlRequestError(statusCode, error.message);
  return { ...failureOf(refusal), status: statusCode };
}

function refuse(
  reply: FastifyReply,
  refusal: ControlRequestError | (Failure & { readonly status: number }),
): FastifyReply {
  const { status, code, message, transient } = refusal;
  const failure: Failure = { code, message, transient };
  return reply.code(status).send(failure);
}
