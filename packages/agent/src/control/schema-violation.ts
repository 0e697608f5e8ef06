import type { FastifySchemaValidationError } from 'fastify/types/schema.js';

/**
 * Says what is wrong with a request by the error of the check that decided. Names keys, never
 * values: they may be secret.
 */
export function schemaViolation(
  errors: readonly FastifySchemaValidationError[],
  place: string,
): Error {
  const error = errors.at(-1);
  if (error === undefined) return new Error(`${place} is not as it must be`);
  return new Error(`${place}${error.instancePath} ${reasonOf(error)}`);
}

function reasonOf({ keyword, params, message }: FastifySchemaValidationError): string {
  if (keyword === 'additionalProperties') return `has the unknown key ${quoted(params)}`;
  if (keyword === 'enum') return `must be one of ${listed(params)}`;
  if (keyword === 'anyOf') return 'has none of the forms that GET /v1/openapi.json tells';
  return message ?? `breaks the rule ${keyword}`;
}

function quoted({ additionalProperty }: Record<string, unknown>): string {
  return JSON.stringify(additionalProperty);
}

function listed({ allowedValues }: Record<string, unknown>): string {
  return Array.isArray(allowedValues) ? allowedValues.join(', ') : 'its values';
}
