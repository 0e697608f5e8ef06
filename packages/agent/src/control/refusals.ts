import { PeerCacheError } from '@peer-cache/core';
import type { Failure } from '@peer-cache/protocol';
import type { FastifyError } from 'fastify';
import { ControlRequestError } from '../errors.ts';
import { failureOf } from '../failure.ts';

/** Why a request is not done: an HTTP status, and its body. */
export interface Refusal {
  readonly status: number;
  readonly failure: Failure;
}

/** What errors of the agent's parts are over HTTP. */
const STATUSES: ReadonlyMap<string, number> = new Map([
  ['JOB_REQUEST', 400],
  ['UNSUPPORTED_URL', 400],
  ['JOB_NOT_FOUND', 404],
  ['SEGMENT_NOT_FOUND', 404],
  ['JOB_AMBIGUOUS', 409],
  ['JOB_EMPTY', 409],
  // Not 429: asked again later, there are as many as now.
  ['JOB_LIMIT', 409],
  ['JOB_STATE', 409],
  ['SEGMENT_AMBIGUOUS', 409],
  ['FILE_EXISTS', 409],
  ['FILE_UNWRITABLE', 409],
  ['DISK_FULL', 507],
  ['JOURNAL_FULL', 507],
  ['STORE_FULL', 507],
]);

/** How an error that a request met is told to whoever sent it. */
export function refusalOf(error: FastifyError | Error): Refusal {
  if (error instanceof ControlRequestError) return refuse(error);
  if (error instanceof PeerCacheError) {
    const status = STATUSES.get(error.code) ?? (error.transient ? 503 : 500);
    return { status, failure: failureOf(error) };
  }
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  if (status < 500) return refuse(new ControlRequestError(status, error.message));
  return { status: 500, failure: failureOf(error) };
}

function refuse(error: ControlRequestError): Refusal {
  return { status: error.status, failure: failureOf(error) };
}
