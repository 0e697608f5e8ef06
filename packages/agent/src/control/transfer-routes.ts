import { isAbsolute } from 'node:path';
import { Readable } from 'node:stream';
import type {
  AgentStatus,
  ControlPath,
  GetEvent,
  GetRequest,
  PeerList,
  StreamRequest,
} from '@peer-cache/protocol';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { ControlRequestError } from '../errors.ts';
import {
  AGENT_STATUS,
  GET_EVENT,
  GET_REQUEST,
  PEER_LIST,
  STREAM_REQUEST,
} from './agent-schemas.ts';
import { describeRoute } from './describe-route.ts';
import { linesOf, NDJSON } from './json-lines.ts';
import { untilGone } from './until-gone.ts';

/** What an agent tells of itself, and fetches while its caller waits. */
export interface FetchingAgent {
  status(): AgentStatus;
  get(request: GetRequest, options: { readonly signal: AbortSignal }): AsyncIterable<GetEvent>;
  stream(
    request: StreamRequest,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<GetEvent | Uint8Array>;
}

const STATUS: ControlPath = '/v1/status';
const PEERS: ControlPath = '/v1/peers';
const GET: ControlPath = '/v1/get';
const STREAM: ControlPath = '/v1/stream';

const FRAMES = 'application/vnd.peer-cache.stream';

const STATUS_SCHEMA = describeRoute({
  id: 'showStatus',
  summary: 'What the agent has, does and has saved.',
  answer: { description: 'The status.', schema: AGENT_STATUS },
});
const PEERS_SCHEMA = describeRoute({
  id: 'listPeers',
  summary: 'The peers that are known, and what each gave.',
  answer: { description: 'The peers.', schema: PEER_LIST },
});
const GET_SCHEMA = describeRoute({
  id: 'getFile',
  summary: 'Fetches a URL to a file; whoever hangs up cancels it.',
  body: GET_REQUEST,
  answer: {
    description: 'How it goes, one event a line; the last is done or failed.',
    schema: GET_EVENT,
    type: NDJSON,
  },
});
const STREAM_SCHEMA = describeRoute({
  id: 'streamContent',
  summary: 'Fetches a URL and hands its bytes over in order; whoever hangs up cancels it.',
  body: STREAM_REQUEST,
  answer: {
    description:
      'Frames: a byte that tells what it carries, a big-endian u32 that tells how many bytes, and ' +
      'those; 0 is content, 1 an event in JSON. The last event is done or failed.',
    schema: Type.String({ format: 'binary' }),
    type: FRAMES,
  },
});

/** Adds `/v1/status`, `/v1/peers`, `/v1/get` and `/v1/stream`. */
export function addTransferRoutes(app: FastifyInstance, agent: FetchingAgent): void {
  app.get(STATUS, { schema: STATUS_SCHEMA }, () => agent.status());

  app.get(PEERS, { schema: PEERS_SCHEMA }, (): PeerList => ({ peers: agent.status().peers }));

  app.post<{ Body: GetRequest }>(GET, { schema: GET_SCHEMA }, (request, reply) => {
    const { path } = request.body;
    if (!isAbsolute(path)) throw new ControlRequestError(400, `path ${path} is not absolute`);
    const events = agent.get(request.body, { signal: untilGone(reply) });
    return reply.type(NDJSON).send(Readable.from(linesOf(events)));
  });

  app.post<{ Body: StreamRequest }>(STREAM, { schema: STREAM_SCHEMA }, (request, reply) => {
    const parts = agent.stream(request.body, { signal: untilGone(reply) });
    return reply.type(FRAMES).send(Readable.from(framesOf(parts)));
  });
}

async function* framesOf(parts: AsyncIterable<GetEvent | Uint8Array>): AsyncGenerator<Uint8Array> {
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
