import type { Log } from '@peer-cache/core';
import { MalformedMessageError, RETRY_MS_HEADER } from '@peer-cache/protocol';
import type { FastifyReply } from 'fastify';
import type { Counters } from './counters.ts';
import { HelloRequiredError, RequestRefusedError, ServerBusyError } from './errors.ts';

const NOT_FOUND = 404;
const BODY_TOO_LARGE = 413;
const OTHER_BODY_TYPE = 415;
const HELLO_REQUIRED = 428;
const BUSY = 503;
/** Whatever went wrong here may be right again soon; the asker has other sources until then. */
const FAILED_RETRY_MS = 1000;

/**
 * Answers an error with a bare status: a stranger learns nothing else. What no peer of ours does
 * ends the connection too, with whatever of the request is still on its way.
 */
export function replyToError(
  reply: FastifyReply,
  error: unknown,
  { log, counters }: { readonly log: Log; readonly counters: Counters },
): FastifyReply {
  const status = statusOf(error);
  counters.requestRefused({ isBusy: status === BUSY });
  if (status === BUSY) {
    if (!(error instanceof ServerBusyError)) log.error({ error }, 'request failed');
    const retryMs = error instanceof ServerBusyError ? error.retryMs : FAILED_RETRY_MS;
    void reply.header('retry-after', '1').header(RETRY_MS_HEADER, String(retryMs));
  } else {
    log.debug({ status, error }, 'request refused');
    if (status !== HELLO_REQUIRED) void reply.header('connection', 'close');
  }
  return reply.code(status).send();
}

function statusOf(error: unknown): number {
  if (error instanceof RequestRefusedError) return 403;
  if (error instanceof HelloRequiredError) return HELLO_REQUIRED;
  if (error instanceof MalformedMessageError) return 400;
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  if (status === NOT_FOUND || status === BODY_TOO_LARGE || status === OTHER_BODY_TYPE)
    return status;
  // The rest of what Fastify itself refuses, such as a body shorter than announced.
  return typeof status === 'number' && status >= 400 && status < 500 ? 400 : BUSY;
}
