import swagger from '@fastify/swagger';
import type { ControlPath } from '@peer-cache/protocol';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { VERSION } from '../version.ts';
import { describeRoute } from './describe-route.ts';

const OPEN_API: ControlPath = '/v1/openapi.json';

const SCHEMA = describeRoute({
  id: 'showOpenApi',
  summary: 'This description of the control API.',
  answer: { description: 'An OpenAPI 3.1 document.', schema: Type.Object({}) },
});

/** Has every route that is added from now on described, for {@link addOpenApiRoute}. */
export function describeRoutes(app: FastifyInstance): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'peer-cache control API',
        description: 'HTTP/1.1 on the Unix socket of one user. The Host of a request is localhost.',
        version: VERSION,
      },
      servers: [{ url: 'http://localhost' }],
    },
  });
}

/** Adds `/v1/openapi.json`. */
export function addOpenApiRoute(app: FastifyInstance): void {
  app.get(OPEN_API, { schema: SCHEMA }, () => app.swagger());
}
