import { randomBytes } from 'node:crypto';
import { KIB, NONCE_BYTES } from '@peer-cache/core';
import {
  answerHello,
  decodeHelloRequest,
  encodeHelloResponse,
  HELLO_PATH,
  MalformedMessageError,
  MESSAGE_TYPE,
  PROTOCOL_VERSION,
} from '@peer-cache/protocol';
import type { PeerIdentity } from '@peer-cache/protocol';
import type { FastifyInstance } from 'fastify';
import type { Connections } from './connections.ts';
import type { Counters } from './counters.ts';
import { HelloRequiredError } from './errors.ts';
import { bodyOf } from './message-body.ts';

/** A hello has some 60 bytes; strangers need no more. */
const MOST_HELLO_BYTES: number = 1 * KIB;

/** Agrees on nonces with a caller and proves our key to it, once on each connection. */
export function addHelloRoute(
  app: FastifyInstance,
  parts: {
    readonly identity: PeerIdentity;
    readonly connections: Connections;
    readonly counters: Counters;
  },
): void {
  const { identity, connections, counters } = parts;
  app.post(HELLO_PATH, { bodyLimit: MOST_HELLO_BYTES }, async (request, reply) => {
    const connection = connections.demand(request.raw.socket);
    if (connection.hasNonces) throw new HelloRequiredError();
    const hello = decodeHelloRequest(bodyOf(request));
    if (!hello.versions.includes(PROTOCOL_VERSION)) {
      throw new MalformedMessageError(
        'hello',
        `version ${PROTOCOL_VERSION} is not among those offered`,
      );
    }
    const serverNonce = randomBytes(NONCE_BYTES);
    connection.nonces = { clientNonce: hello.clientNonce, serverNonce };
    const host = request.headers.host ?? '';
    const answer = answerHello(hello, identity, { serverNonce, host });
    connection.servePort = hello.port;
    if (hello.port !== 0) counters.peerCalled(connection.remoteHost, hello.port);
    return reply.type(MESSAGE_TYPE).send(encodeHelloResponse(answer));
  });
}
