import { MalformedMessageError, MESSAGE_TYPE } from '@peer-cache/protocol';
import type { FastifyInstance } from 'fastify';

/** Bodies are CBOR, decoded and checked by the protocol's own functions. */
export function takeOnlyMessages(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(MESSAGE_TYPE, { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
}

/**
 * The body of a request as the one content type parser left it.
 *
 * @throws {MalformedMessageError} when there was none.
 */
export function bodyOf({ body }: { readonly body: unknown }): Buffer {
  if (!Buffer.isBuffer(body)) throw new MalformedMessageError('request', 'no body');
  return body;
}
