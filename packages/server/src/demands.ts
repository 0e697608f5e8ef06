import type { IncomingHttpHeaders } from 'node:http';
import { PROTOCOL_VERSION, VERSION_HEADER } from '@peer-cache/protocol';
import { isOwnHost } from './remote-address.ts';
import type { SocketAddress } from './remote-address.ts';

/** What every browser sends and no peer does; the last two would only blur where a body ends. */
const NEVER_SENT = ['origin', 'cookie', 'referer', 'transfer-encoding', 'expect'];
const BROWSER_PREFIX = 'sec-fetch-';

/**
 * Why a request can't be a peer's, or undefined where it can. A web page must not reach us even
 * through the browser of a machine on the LAN (threat B2).
 */
export function refusalOf(
  request: { readonly method: string; readonly headers: IncomingHttpHeaders },
  local: SocketAddress | undefined,
): string | undefined {
  const { method, headers } = request;
  if (method !== 'POST') return `method ${method}`;
  if (headers[VERSION_HEADER] !== String(PROTOCOL_VERSION)) return `no ${VERSION_HEADER} header`;
  const unwanted = Object.keys(headers).find(
    (name) => NEVER_SENT.includes(name) || name.startsWith(BROWSER_PREFIX),
  );
  if (unwanted !== undefined) return `header ${unwanted}`;
  if (!isOwnHost(headers.host ?? '', local)) return 'Host is not the address it was sent to';
  return undefined;
}
