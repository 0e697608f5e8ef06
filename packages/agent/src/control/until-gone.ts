import type { FastifyReply } from 'fastify';

/** Aborted when the caller hangs up: what it asked for is not wanted any more. */
export function untilGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}
