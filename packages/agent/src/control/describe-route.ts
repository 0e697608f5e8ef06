import type { FastifySchema } from 'fastify';
import type { TSchema } from 'typebox';
import { NO_QUERY } from './query-schemas.ts';
import { FAILURE } from './value-schemas.ts';

/** What a route takes and gives, for the checks before it and for the OpenAPI document. */
export interface RouteDescription {
  /** Names the operation in generated clients. */
  readonly id: string;
  readonly summary: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly answer: AnswerDescription;
}

export interface AnswerDescription {
  readonly description: string;
  readonly schema: TSchema;
  /** JSON where absent. */
  readonly type?: string;
  /** 200 where absent. */
  readonly status?: 200 | 201;
}

/** A route's schemas as Fastify wants them. Whatever is refused has a `Failure` for a body. */
export function describeRoute({
  id,
  summary,
  params,
  query = NO_QUERY,
  body,
  answer,
}: RouteDescription): FastifySchema {
  return {
    operationId: id,
    summary,
    ...(params && { params }),
    querystring: query,
    ...(body && { body }),
    response: {
      [answer.status ?? 200]: contentOf(answer),
      '4xx': contentOf({ description: 'The request is refused.', schema: FAILURE }),
      '5xx': contentOf({ description: 'The agent could not do it.', schema: FAILURE }),
    },
  };
}

function contentOf({ description, schema, type = 'application/json' }: AnswerDescription): object {
  return { description, content: { [type]: { schema } } };
}
