import type { FastifyRequest } from 'fastify';
import { ControlRequestError } from '../errors.ts';

/** What HTTP clients send to a Unix socket where nobody names a host. */
const HOST = 'localhost';
const FROM_BROWSER = /^(?:origin|referer|cookie|sec-.*)$/;

/**
 * Refuses what only a browser sends, and what was meant for another host. None of it can come
 * through a Unix socket by itself; but a program that passes requests on to it should not open the
 * agent to every web page its user looks at.
 *
 * @throws {ControlRequestError}
 */
export function refuseStrangers({ headers, raw }: FastifyRequest): void {
  // The host of a request to a proxy is that of its URL, whatever its Host says (RFC 9112 3.2.2).
  const isToProxy = raw.url?.startsWith('/') !== true;
  if (isToProxy || headers.host !== HOST) {
    throw new ControlRequestError(403, `its Host must be ${HOST}`);
  }
  const foreign = Object.keys(headers).find((name) => FROM_BROWSER.test(name));
  if (foreign !== undefined) {
    throw new ControlRequestError(403, `no request with ${foreign} is answered here`);
  }
}
